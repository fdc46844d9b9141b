import { tagOf } from "../../../protocol/ballot.ts";
import { failDigest, MACHINE_DEPENDENT_REASONS } from "../../../protocol/digest.ts";
import type { Limits } from "../../../protocol/lease.ts";
import type { Hash } from "../../../protocol/primitives.ts";
import { isAsFast, soonestTimeout } from "../../../protocol/time-limits.ts";
import { answeredVotes } from "./task-votes.ts";
import type { TaskRecord } from "../tasks/task-state.ts";
import type { Vote } from "./vote-state.ts";

/**
 * Out of time and out of memory depend on the machine (docs/protocol.md, "Result digest"). Such an answer counts only when at
 * least two workers report it, the last on a machine with no less to spare, and nobody has a real result; beside a real
 * result it is the worker's own failure. Nor is anybody out of time before its time has passed. So an honest slow worker is
 * not slashed and a lazy one gains nothing.
 */

/** Clocks of two processes of one pool differ by less, in milliseconds. */
const CLOCK_SLACK_MS = 2_000;

/** Whether a tag says that a task took too long. */
export function saysOutOfTime(taskId: Hash, tag: Hash): boolean {
  return tag === tagOf(taskId, failDigest("time"));
}

/**
 * Whether a vote's worker can have run the task until its time was over.
 * @param now Unix milliseconds, by the pool's clock
 */
export function hadItsTime({ since, spare }: Vote, { seconds }: Limits, now: number): boolean {
  return now - since + CLOCK_SLACK_MS >= soonestTimeout(seconds, spare.benchmark);
}

const MACHINE_DEPENDENT = MACHINE_DEPENDENT_REASONS.map(failDigest);

/** The tags of failures that another machine might not have met. */
export function machineDependentTags(taskId: Hash): ReadonlySet<Hash> {
  return new Set(MACHINE_DEPENDENT.map((digest) => tagOf(taskId, digest)));
}

/** Votes that must not enter a ballot because somebody had a real result. Those that the chain keeps count there anyhow. */
export function ownFailures(task: TaskRecord): readonly Vote[] {
  const answered = answeredVotes(task);
  // Where all say the same there is no real result beside a failure; nearly every task ends here, before anything is hashed.
  if (answered.every(({ tag }) => tag === answered[0]!.tag)) return [];
  const tags = machineDependentTags(task.taskId);
  const failures = answered.filter((vote) => tags.has(vote.tag));
  return failures.length < answered.length ? failures.filter(({ state }) => state !== "kept") : [];
}

/** Whether the answers so far are all the same machine-dependent failure, reported by too few to be believed. */
export function needsSecondMachine(task: TaskRecord): boolean {
  const answered = answeredVotes(task);
  if (answered.length === 0) return false;
  const tags = machineDependentTags(task.taskId);
  return answered.every((vote) => tags.has(vote.tag)) && !isBelievable(answered);
}

function isBelievable(failures: readonly (Vote & { readonly tag: Hash })[]): boolean {
  const last = failures.at(-1)!;
  const earlier = failures.slice(0, -1);
  return earlier.length > 0 && earlier.every((vote) => vote.tag === last.tag && hasNoLess(last, vote));
}

function hasNoLess(last: Vote, other: Vote): boolean {
  return isAsFast(last.spare.benchmark, other.spare.benchmark) && last.spare.memoryMiB >= other.spare.memoryMiB;
}
