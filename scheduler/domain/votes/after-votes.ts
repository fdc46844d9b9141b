import { moveTask } from "../tasks/task-state.ts";
import type { TaskRecord } from "../tasks/task-state.ts";
import { agreedTag, leasesWanted, newcomersOf } from "./votes-needed.ts";

/**
 * Where a task goes once it has other votes: on to its lane's next epoch when they agree, back among those that want votes
 * when too few are out, even if the rest agree. The very same task where nothing of it moves.
 * @param at Unix seconds
 */
export function afterVotes(task: TaskRecord, at: number): TaskRecord {
  const { state } = task;
  if (state !== "planned" && state !== "running") return task;
  if (agreedTag(task) !== undefined) return moveTask(task, "agreed", at, "enough votes agree");
  const wantsMore = state === "running" && leasesWanted(task, newcomersOf(task)) > 0;
  return wantsMore ? moveTask(task, "planned", at, "wants more votes") : task;
}

/** An agreed task that has lost votes, or got others, may no longer be agreed. */
export function reconsidered(task: TaskRecord, at: number): TaskRecord {
  if (task.state !== "agreed" || agreedTag(task) !== undefined) return task;
  return moveTask(task, "planned", at, "wants more votes");
}
