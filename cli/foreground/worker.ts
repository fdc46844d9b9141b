import { formatMill } from "../../protocol/amounts.ts";
import { loadConfig } from "../../worker/config.ts";
import { startWorker } from "../../worker/start-worker.ts";
import type { Context } from "../context.ts";
import { UsageError } from "../errors.ts";

import { runForeground, serviceLog } from "./run-foreground.ts";
import { serviceEnv } from "./service-env.ts";
import type { OwnEnv } from "./service-env.ts";

/** What `worker start` may be told; the rest comes from the network, the environment and the machine. */
export type WorkerServiceOptions = {
  readonly pool?: bigint;
  readonly data?: string;
  readonly slots?: number;
  /** Thousandths of a core. */
  readonly cpus?: number;
  /** MiB. */
  readonly memory?: number;
  readonly disk?: number;
  /** Wei. */
  readonly maxStake?: bigint;
  /** File with the statement of the worker's owner. */
  readonly owner?: string;
  readonly port?: number;
};

/**
 * Runs a worker in this process until it is told to stop; running tasks get GRIDMILL_DRAIN_SECONDS to finish. The pool's
 * address is read from the registry.
 * @throws UsageError | BadConfigError and what the worker says when it does not start or cannot go on
 */
export async function runWorker(context: Context, options: WorkerServiceOptions): Promise<void> {
  const { serviceEnv: given } = context.config;
  if (options.pool === undefined && !given["GRIDMILL_POOL"] && !given["GRIDMILL_POOL_URL"]) {
    throw new UsageError("For which pool? Its id is missing", {
      hint: "Give --pool ID; gridmill order list pool shows what pools offer",
    });
  }
  const config = loadConfig(await serviceEnv(context, `worker-${context.account ?? "default"}`, envOf(options)));
  const worker = await startWorker(config, serviceLog(config.logLevel, null));
  const facts = { worker: worker.address, status: worker.url, data: config.dataFolder };
  const drainMs = config.drainSeconds * 1_000;
  const stop = (): Promise<void> => worker.stop(AbortSignal.timeout(drainMs));
  await runForeground(context, { name: "worker", facts, ended: worker.ended, stop, drainMs });
}

function envOf(options: WorkerServiceOptions): OwnEnv {
  const { pool, data, slots, cpus, memory, disk, maxStake, owner, port } = options;
  return {
    GRIDMILL_POOL: pool,
    GRIDMILL_DATA: data,
    GRIDMILL_SLOTS: slots,
    GRIDMILL_CPU_MILLICORES: cpus,
    GRIDMILL_MEMORY_MIB: memory,
    GRIDMILL_DISK_MIB: disk,
    GRIDMILL_MAX_STAKE: maxStake === undefined ? undefined : formatMill(maxStake),
    GRIDMILL_OWNER_FILE: owner,
    GRIDMILL_PORT: port,
  };
}
