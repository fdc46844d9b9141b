import type { Address } from "../../../protocol/primitives.ts";
import type { TaskRecord } from "../tasks/task-state.ts";
import { afterVotes, reconsidered } from "./after-votes.ts";
import { DOUBTED } from "./second-tries.ts";
import { withMovedVotes } from "./task-votes.ts";
import type { Vote, VoteState } from "./vote-state.ts";

/** A worker whose vote differed in a settle, or was kept sealed until it was too late; when, in Unix milliseconds. */
export type Caught = { readonly worker: Address; readonly at: number };

/** What stands in no ballot yet: all else is the protocol's. */
const OPEN: readonly VoteState[] = ["leased", "running", "computed"];

/** Whether a vote was given, or was to be given, before its worker was caught, and can still be taken back. */
export function isDoubted(vote: Vote, { worker, at }: Caught): boolean {
  return vote.worker === worker && OPEN.includes(vote.state) && vote.since <= at;
}

/** The task without the answer of a worker that was caught: it wants another in its place. The very same where it has none. */
export function withoutDoubted(task: TaskRecord, caught: Caught, now: number): TaskRecord {
  const left = withMovedVotes(task, (vote) => isDoubted(vote, caught), "lost", now, { code: DOUBTED });
  return left === task ? task : reconsidered(afterVotes(left, now), now);
}
