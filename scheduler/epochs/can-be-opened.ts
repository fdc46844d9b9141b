import type { Hash, Hex } from "../../protocol/primitives.ts";
import { isSafeToOpen, undeliveredAnswers } from "../domain/epochs/settle-plan.ts";
import type { Openings } from "../domain/epochs/settle-plan.ts";
import type { TaskRecord } from "../domain/tasks/task-state.ts";
import type { PoolChain } from "../ports.ts";

/** Whether requester and contract get what might be paid for when the votes of a task are opened. */
export async function canBeOpened(
  chain: Pick<PoolChain, "scoreNow">,
  task: TaskRecord,
  openings: Openings,
  preimages: ReadonlyMap<Hash, Hex>,
): Promise<boolean> {
  const { result: _spoiled, ...without } = task;
  const isSpoiled = task.terms.hasCallback && !preimages.has(task.taskId);
  const fetched = isSpoiled ? without : task;
  if (undeliveredAnswers(fetched, openings).length === 0) return true;
  // A settle may add a point a task: scores of half a minute ago would let an answer win that was not asked for.
  const scores = task.votes.map(async ({ worker }) => [worker, await chain.scoreNow(worker)] as const);
  return isSafeToOpen(fetched, openings, new Map(await Promise.all(scores)));
}
