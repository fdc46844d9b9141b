import type { TaskRecord } from "../domain/tasks/task-state.ts";
import { isWorking } from "../domain/votes/vote-state.ts";
import { votesOut } from "../domain/votes/votes-needed.ts";
import type { PoolContext } from "./context.ts";

/**
 * Why nobody gets a lease of this task now, whoever there is: the operator could not pay for bringing its outcome to the chain,
 * or the pool drains and no worker has begun it (one that was begun gets all its votes).
 */
export async function pausedReason(pool: PoolContext, task: TaskRecord): Promise<string | undefined> {
  const isIdle = task.state === "planned" || !task.votes.some(isWorking);
  const why = isIdle ? await pool.operator.hold() : undefined;
  if (why) return `the pool gives no work out: ${why.message} (${why.code})`;
  if (votesOut(task) > 0 || !(await pool.drain.isOn())) return undefined;
  return "the pool drains and begins no new tasks";
}
