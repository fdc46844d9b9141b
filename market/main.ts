import { pino } from "pino";

import { endsInTime, NOT_IN_TIME } from "../chain/node/ends-in-time.ts";
import { errorData } from "../protocol/errors.ts";

import { loadConfig } from "./config.ts";
import { startMarket } from "./start-market.ts";

/**
 * A market as a process: configured by the environment, says `ready` with its url in its log, stops on SIGTERM or SIGINT,
 * and exits 1 with code and hint on stderr when it cannot start, or when database or chain keep it from stopping for ten
 * seconds.
 */
async function main(): Promise<void> {
  const config = loadConfig();
  const logger = pino({ level: config.logLevel, base: null });
  const market = await startMarket(config, logger);
  logger.info({ url: market.url }, "ready");
  await new Promise((resolve) => process.once("SIGTERM", resolve).once("SIGINT", resolve));
  if (await endsInTime(market.stop())) return;
  logger.warn(NOT_IN_TIME);
  process.exit(1);
}

try {
  await main();
} catch (error) {
  const { code, message, hint } = errorData(error);
  process.stderr.write(`${code}: ${message}\n${hint === undefined ? "" : `${hint}\n`}`);
  process.exitCode = 1;
}
