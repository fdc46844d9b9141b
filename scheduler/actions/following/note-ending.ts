import type { Address } from "../../../protocol/primitives.ts";
import { isCaught } from "../../domain/workers/conduct.ts";
import type { Ending } from "../../domain/workers/conduct.ts";
import type { PoolContext } from "../context.ts";

/** Counts how a lease of a worker ended, and says so when the pool trusts it more or less from now on. */
export async function noteEnding(pool: PoolContext, worker: Address, ending: Ending, pace?: number): Promise<void> {
  const { before, after } = await pool.workers.note(worker, ending, pool.clock.now(), pace);
  // Every lane looks what the worker has answered elsewhere: `epochs/void-votes.ts`.
  if (isCaught(ending)) for (let lane = 0; lane < pool.config.lanes; lane++) pool.wake.laneSoon(lane);
  const { grade, until } = after;
  if (before.grade === grade) return;
  const end = until === undefined ? {} : { until: new Date(until).toISOString() };
  const say = grade === "trusted" ? pool.log.info.bind(pool.log) : pool.log.warn.bind(pool.log);
  say({ worker, grade, after: ending, ...end }, "worker graded");
}
