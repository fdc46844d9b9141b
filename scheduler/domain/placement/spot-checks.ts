import { areAsOne } from "./one-vote.ts";
import type { Candidate, Placement } from "./placement.ts";
import type { TaskRecord } from "../tasks/task-state.ts";
import { answeredVotes } from "../votes/task-votes.ts";
import { agreedTag, isLate, votesOut } from "../votes/votes-needed.ts";

/**
 * A spot check is a task like any other whose answer trusted workers have given: it stays open for the vote of one more, who
 * is on probation. Its lease, its ballot and its pay are as those of all votes, so that nobody can tell it from work.
 */

type Member = Pick<Candidate, "worker" | "machine" | "owner" | "grade" | "accepting">;

/**
 * The task with one more vote to wait for, if what it has are answers of trusted workers that agree and somebody who is on
 * probation could be checked; else the very same task. A task is chosen once.
 * @param members connected workers
 * @param now Unix seconds
 */
export function withSpotCheck(task: TaskRecord, members: readonly Member[], now: number): TaskRecord {
  if (task.spotCheck !== undefined || agreedTag(task) === undefined || isLate(task, now)) return task;
  const answered = answeredVotes(task);
  const trusted = new Set(members.filter(({ grade }) => grade === "trusted").map(({ worker }) => worker));
  if (!answered.every(({ worker, tag }) => trusted.has(worker) && tag === answered[0]!.tag)) return task;
  if (!members.some((member) => mayBeChecked(task, member))) return task;
  return { ...task, spotCheck: true, atLeast: answered.length + 1 };
}

function mayBeChecked({ votes }: TaskRecord, member: Member): boolean {
  const { grade, accepting } = member;
  return grade === "probation" && accepting && !votes.some((vote) => areAsOne(vote, member));
}

/** Whether the vote that a task waits for is one to be checked. */
export function isChecking(task: TaskRecord): boolean {
  return task.spotCheck === true && votesOut(task) < (task.atLeast ?? 0);
}

/** Whether a check would go to somebody who needs none, or nobody is free for it: nothing waits for a check. */
export function isCheckOver(task: TaskRecord, { ranked }: Placement): boolean {
  return isChecking(task) && ranked[0]?.grade !== "probation";
}
