import { runService } from "../chain/node/run-service.ts";
import { loadConfig } from "./config.ts";
import { startWorker } from "./start-worker.ts";
import type { WorkerPorts } from "./start-worker.ts";

/**
 * A worker as a process, configured by the environment. When it is told to stop, its runs have GRIDMILL_DRAIN_SECONDS to
 * finish.
 */
export async function runWorker(ports: Partial<WorkerPorts> = {}): Promise<void> {
  await runService({
    loadConfig,
    start: async (config, log) => {
      const { url, address, ended, stop } = await startWorker(config, log, ports);
      return { facts: { url, worker: address }, ended, drainMs: config.drainSeconds * 1_000, stop };
    },
  });
}
