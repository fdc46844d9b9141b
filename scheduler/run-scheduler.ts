import { runService } from "../chain/node/run-service.ts";
import { loadConfig } from "./config.ts";
import { startScheduler } from "./start-scheduler.ts";
import type { SchedulerPorts } from "./start-scheduler.ts";

/** A scheduler as a process, configured by the environment. */
export async function runScheduler(ports: Partial<SchedulerPorts> = {}): Promise<void> {
  await runService({
    loadConfig,
    logBase: ({ pool }) => ({ service: "scheduler", pool: pool.toString() }),
    start: async (config, log) => {
      const { url, stop } = await startScheduler(config, log, ports);
      return { facts: { url }, stop };
    },
  });
}
