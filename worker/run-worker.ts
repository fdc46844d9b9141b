import { pino } from "pino";

import { endsInTime, NOT_IN_TIME, STOP_MS } from "../chain/node/ends-in-time.ts";
import { errorData } from "../protocol/errors.ts";
import { loadConfig } from "./config.ts";
import { startWorker } from "./start-worker.ts";
import type { WorkerPorts } from "./start-worker.ts";

/**
 * A worker as a process: configured by the environment, says `ready` in its log, stops on SIGTERM or SIGINT once its runs
 * are done or GRIDMILL_DRAIN_SECONDS are over (a second signal: at once), and exits 1 with code and hint on stderr when it
 * cannot go on, or when engine, pool or chain keep it from stopping for ten seconds more.
 */
export async function runWorker(ports: Partial<WorkerPorts> = {}): Promise<void> {
  try {
    const config = loadConfig();
    const log = pino({ level: config.logLevel, base: null });
    const worker = await startWorker(config, log, ports);
    log.info({ url: worker.url, worker: worker.address }, "ready");
    // Whichever comes first; the other then finds the worker stopped.
    const stopped = stopOnSignal((hurry) => worker.stop(hurry), config.drainSeconds * 1_000);
    const inTime = await Promise.race([worker.ended.then(() => true), stopped]).finally(() =>
      endsInTime(worker.stop(AbortSignal.abort())),
    );
    if (!inTime) log.warn(NOT_IN_TIME);
    process.exit(inTime ? 0 : 1);
  } catch (error) {
    const { code, message, hint } = errorData(error);
    process.stderr.write(`${code}: ${message}\n${hint === undefined ? "" : `${hint}\n`}`);
    process.exit(1);
  }
}

/** @returns whether it stopped within the time for its runs and ten seconds more */
async function stopOnSignal(stop: (hurry: AbortSignal) => Promise<void>, drainMs: number): Promise<boolean> {
  await new Promise((resolve) => process.once("SIGTERM", resolve).once("SIGINT", resolve));
  const again = new AbortController();
  const hurry = (): void => again.abort();
  process.once("SIGTERM", hurry).once("SIGINT", hurry);
  const hurried = AbortSignal.any([again.signal, AbortSignal.timeout(drainMs)]);
  return await endsInTime(stop(hurried), drainMs + STOP_MS);
}
