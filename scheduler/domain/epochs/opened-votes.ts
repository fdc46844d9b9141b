import type { TaskRecord } from "../tasks/task-state.ts";
import { withMovedVote } from "../votes/task-votes.ts";
import type { Openings } from "./settle-plan.ts";

/** The task with what its workers have opened; the very same one where that is known already. */
export function withOpenedVotes(task: TaskRecord, openings: Openings, at: number): TaskRecord {
  return task.votes.reduce((changed, { leaseId, worker, state }) => {
    const { secret, digests } = openings[worker] ?? {};
    const digest = digests?.[task.taskId];
    if (!secret || !digest || state !== "balloted") return changed;
    return withMovedVote(changed, leaseId, "opened", at, { digest, secret });
  }, task);
}
