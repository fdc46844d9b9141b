import { voteWeight } from "../../protocol/consensus.ts";
import type { Address } from "../../protocol/primitives.ts";
import type { TaskRecord } from "../domain/tasks/task-state.ts";
import type { PoolContext } from "./context.ts";

/** Score and cover (wei) of workers, as the chain says. */
export type Standings = ReadonlyMap<Address, { readonly score: number; readonly cover: bigint }>;

export async function standingsOf(pool: PoolContext, workers: readonly Address[]): Promise<Standings> {
  const read = async (worker: Address) => [worker, await pool.chain.standing(worker)] as const;
  return new Map(await Promise.all([...new Set(workers)].map(read)));
}

/** The votes of a task by the scores of now. */
export function reweigh(task: TaskRecord, standings: Standings): TaskRecord {
  const votes = task.votes.map((vote) => {
    const standing = standings.get(vote.worker);
    return standing ? { ...vote, weight: voteWeight(standing.score, task.terms.maxWeight).toString() } : vote;
  });
  return { ...task, votes };
}
