import type { TaskRecord } from "../domain/task-state.ts";
import { votesOut } from "../domain/votes-needed.ts";
import type { PoolContext } from "./context.ts";

/** Why a task that no worker has begun is not begun, when the pool drains; one that was begun gets all its votes. */
export async function drainedReason(pool: PoolContext, task: TaskRecord): Promise<string | undefined> {
  if (votesOut(task) > 0 || !(await pool.drain.isOn())) return undefined;
  return "the pool drains and begins no new tasks";
}
