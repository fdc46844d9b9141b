import { voteWeight } from "../../protocol/consensus.ts";
import type { Limits } from "../../protocol/lease.ts";
import type { Candidate, Demand } from "../domain/placement.ts";
import { faded, reliabilityOf } from "../domain/reputation.ts";
import { conductAt } from "../domain/conduct.ts";
import type { TaskRecord } from "../domain/task-state.ts";
import type { DealRecord } from "../store/deal-store.ts";
import type { ConnectedWorker } from "../store/worker-store.ts";
import type { PoolContext } from "./context.ts";

/** What placement decides by, gathered from store and chain. */

/** A worker not heard of for this long is no candidate, in milliseconds. */
const ALIVE_MS = 12_000;

/** What the deal asks of a worker, now. */
export function demandOf({ config, chain }: PoolContext, { deal, weights }: DealRecord): Demand {
  const { platform, sameMachineVotes } = config;
  const own = weights === undefined ? {} : { weights };
  return { requirements: deal.requirements, ...own, platform, sameMachineVotes, now: chain.now() };
}

/** Every connected worker. */
export async function candidatesFor(pool: PoolContext, task: TaskRecord): Promise<readonly Candidate[]> {
  const alive = await pool.workers.alive(Date.now() - ALIVE_MS);
  return Promise.all(alive.map((worker) => candidate(pool, task, worker)));
}

/** A worker as placement sees it. */
export async function candidate(
  pool: PoolContext,
  task: TaskRecord,
  { conduct, ...worker }: ConnectedWorker,
): Promise<Candidate> {
  const [standing, held, slots] = await Promise.all([
    pool.chain.standing(worker.worker),
    pool.tasks.heldBy(worker.worker),
    pool.tasks.slotsOf(worker.worker),
  ]);
  const { grade, confirmed, reputation } = conductAt(conduct, Date.now());
  const working = new Set(slots);
  const busy: readonly Limits[] = held.filter(({ leaseId }) => working.has(leaseId)).map(({ limits }) => limits);
  return {
    ...worker,
    busy,
    weight: voteWeight(standing.score, task.terms.maxWeight),
    cover: standing.cover,
    freeCover: standing.cover - held.reduce((sum, { stake }) => sum + stake, 0n),
    grade,
    confirmed,
    reliability: reliabilityOf(faded(reputation, Date.now())),
  };
}
