import { voteWeight } from "../../protocol/consensus.ts";
import { MAX_VOTES_PER_TASK } from "../../protocol/constants.ts";
import { moveTask } from "./task-state.ts";
import type { TaskRecord } from "./task-state.ts";
import { agreedTag, leasesWanted } from "./votes-needed.ts";

/**
 * Where a task goes once its votes have changed: on to its lane's next epoch when they agree, back among those that want votes
 * when too few are out, even if the rest agree. The very same task where nothing of it moves.
 * @param at Unix seconds
 */
export function afterVotes(task: TaskRecord, at: number): TaskRecord {
  const { state } = task;
  if (state !== "planned" && state !== "running") return task;
  if (agreedTag(task) !== undefined) return moveTask(task, "agreed", at, "enough votes agree");
  return state === "running" && wantsMore(task) ? moveTask(task, "planned", at, "wants more votes") : task;
}

/** Newcomers are counted on: nobody weighs less. */
function wantsMore(task: TaskRecord): boolean {
  const newcomers = Array.from({ length: MAX_VOTES_PER_TASK }, () => voteWeight(0, task.terms.maxWeight));
  return leasesWanted(task, newcomers) > 0;
}
