import { runService } from "../chain/node/run-service.ts";
import { loadConfig } from "./config.ts";
import { startMarket } from "./start-market.ts";

/** The program `node market/main.ts`: a market, configured by the environment. */
await runService({
  loadConfig,
  start: async (config, log) => {
    const { url, stop } = await startMarket(config, log);
    return { facts: { url }, stop };
  },
});
