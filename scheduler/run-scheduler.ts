import { pino } from "pino";

import { endsInTime, NOT_IN_TIME } from "../chain/node/ends-in-time.ts";
import { errorData } from "../protocol/errors.ts";
import { loadConfig } from "./config.ts";
import { startScheduler } from "./start-scheduler.ts";

/**
 * Runs one scheduler process until SIGTERM or SIGINT. One log line with `"msg":"ready"` says that it works. It exits 0 when
 * everything was closed, and 1 when it did not start, or something it wanted to close did not answer within ten seconds.
 */
export async function runScheduler(): Promise<void> {
  try {
    const config = loadConfig();
    const log = pino({ level: config.logLevel, base: { service: "scheduler", pool: config.pool.toString() } });
    const scheduler = await startScheduler(config, log);
    log.info({ url: scheduler.url }, "ready");
    await new Promise((resolve) => process.once("SIGTERM", resolve).once("SIGINT", resolve));
    log.info("stopping");
    const inTime = await endsInTime(scheduler.stop());
    if (!inTime) log.warn(NOT_IN_TIME);
    process.exit(inTime ? 0 : 1);
  } catch (error) {
    const { code, message, hint } = errorData(error);
    process.stderr.write(`${code}: ${message}\n${hint === undefined ? "" : `${hint}\n`}`);
    process.exit(1);
  }
}
