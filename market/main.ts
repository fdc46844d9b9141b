import { pino } from "pino";

import { errorData } from "../protocol/errors.ts";

import { loadConfig } from "./config.ts";
import { startMarket } from "./start-market.ts";

/**
 * A market as a process: configured by the environment, says `ready` with its url in its log, stops on SIGTERM or SIGINT,
 * and exits 1 with code and hint on stderr when it cannot start.
 */
async function main(): Promise<void> {
  const config = loadConfig();
  const logger = pino({ level: config.logLevel, base: null });
  const market = await startMarket(config, logger);
  logger.info({ url: market.url }, "ready");
  await new Promise((resolve) => process.once("SIGTERM", resolve).once("SIGINT", resolve));
  await market.stop();
}

try {
  await main();
} catch (error) {
  const { code, message, hint } = errorData(error);
  process.stderr.write(`${code}: ${message}\n${hint === undefined ? "" : `${hint}\n`}`);
  process.exitCode = 1;
}
