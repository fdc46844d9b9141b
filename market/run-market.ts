import { runService } from "../chain/node/run-service.ts";
import { loadConfig } from "./config.ts";
import type { MarketPorts } from "./services.ts";
import { startMarket } from "./start-market.ts";

/** A market as a process, configured by the environment. */
export async function runMarket(ports: Partial<MarketPorts> = {}): Promise<void> {
  await runService({
    loadConfig,
    start: async (config, log) => {
      const { url, stop } = await startMarket(config, log, ports);
      return { facts: { url }, stop };
    },
  });
}
