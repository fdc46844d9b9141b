import { DEADLINE_FACTOR } from "../../../protocol/categories.ts";
import type { Placement } from "../placement/placement.ts";
import type { TaskRecord } from "../tasks/task-state.ts";
import { isWorking } from "../votes/vote-state.ts";
import { votesOut } from "../votes/votes-needed.ts";
import { answersAwaited, verdictOf } from "./answers.ts";

/**
 * How a task is placed whose app the pool does not know yet.
 *
 * - `probe`  it goes to two trusted workers on different machines, and the other tasks of its app wait for what they say
 * - `free`   as any other: the pool has no two such workers, or has waited long enough; what its votes say counts all the same
 * - `told`   as any other: its app was refused beside it, and it says nothing new of it
 * - `disputed`  not any more: its app was refused over it. Its votes are given up, so that none of them may decide it alone
 */
export type Trial = "probe" | "free" | "told" | "disputed";

/** Of the time that a deal has, what its tasks wait at most for those that are compared. */
const PATIENCE = 0.25;
/** Machines with a trusted worker that it takes. */
const MACHINES = 2;

/** Whether a task that nobody works on yet can be compared, or wait for others that are. */
export function mayBeProbed(task: TaskRecord, { trusted }: Placement, now: number): boolean {
  return votesOut(task) === 0 && hasTime(task, now) && trusted.length >= MACHINES;
}

/** Whether the answers that a probe still lacks may come, and in time. */
export function maySucceed(task: TaskRecord, { inReach }: Placement, now: number): boolean {
  return hasTime(task, now) && votesOut(task) + inReach.length >= answersAwaited({ ...task, trial: "probe" });
}

/** Whether what it is compared for is still to come. */
export function isProbing(task: TaskRecord): boolean {
  const wants = task.state === "planned" || task.state === "running";
  return wants && (task.trial ?? "probe") === "probe" && verdictOf(task) === undefined;
}

/** Whether what its answers say of its app is still of interest. */
export function isOnTrial({ trial }: TaskRecord): boolean {
  return trial === "probe" || trial === "free";
}

/** The very same task where its trial is that already. */
export function withTrial(task: TaskRecord, trial: Trial | undefined): TaskRecord {
  if (task.trial === trial) return task;
  const { trial: _before, ...rest } = task;
  return trial === undefined ? rest : { ...rest, trial };
}

/** What is under way is waited for. */
function hasTime({ terms, votes }: TaskRecord, now: number): boolean {
  const left = (1 - PATIENCE) * DEADLINE_FACTOR * terms.limits.seconds;
  return votes.some(isWorking) || now <= terms.deadline - left;
}
