import { pino } from "pino";

import { errorData } from "../protocol/errors.ts";
import { loadConfig } from "./config.ts";
import { startScheduler } from "./start-scheduler.ts";

/** Runs one scheduler process until SIGTERM or SIGINT. One log line with `"msg":"ready"` says that it works. */
export async function runScheduler(): Promise<void> {
  try {
    const config = loadConfig();
    const log = pino({ level: config.logLevel, base: { service: "scheduler", pool: config.pool.toString() } });
    const scheduler = await startScheduler(config, log);
    log.info({ url: scheduler.url }, "ready");
    await new Promise((resolve) => process.once("SIGTERM", resolve).once("SIGINT", resolve));
    log.info("stopping");
    await scheduler.stop();
    process.exit(0);
  } catch (error) {
    const { code, message, hint } = errorData(error);
    process.stderr.write(`${code}: ${message}\n${hint === undefined ? "" : `${hint}\n`}`);
    process.exit(1);
  }
}
