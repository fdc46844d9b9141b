import type { WeightedVote } from "../../../protocol/consensus.ts";
import type { Hash } from "../../../protocol/primitives.ts";
import { isPassing } from "./second-tries.ts";
import type { TaskRecord } from "../tasks/task-state.ts";
import { canMoveVote, isAnswered, moveVote } from "./vote-state.ts";
import type { Vote, VotePatch, VoteState } from "./vote-state.ts";

/** Changes to the votes inside a task's document. All pure. */

export function voteOf(task: TaskRecord, leaseId: string): Vote | undefined {
  return task.votes.find((vote) => vote.leaseId === leaseId);
}

/** Adds a vote in the place of an earlier one of its worker that came to nothing, so that a task has one a worker. */
export function withVote(task: TaskRecord, vote: Vote): TaskRecord {
  const earlier = task.votes.filter((other) => other.worker === vote.worker && isPassing(other));
  const tries = Math.max(0, ...earlier.map((other) => other.tries ?? 1)) + 1;
  // An answer may have been computed under an earlier lease.
  const since = Math.min(vote.since, ...earlier.map((other) => other.since));
  return { ...task, votes: [...task.votes.filter((other) => !earlier.includes(other)), { ...vote, tries, since }] };
}

/** Replaces one vote by its moved self; where the table refuses the move, the very same task is returned. */
export function withMovedVote(
  task: TaskRecord,
  leaseId: string,
  to: VoteState,
  at: number,
  patch: VotePatch = {},
): TaskRecord {
  const moving = voteOf(task, leaseId);
  if (!moving || !canMoveVote(moving.state, to)) return task;
  return { ...task, votes: task.votes.map((vote) => (vote === moving ? moveVote(vote, to, at, patch) : vote)) };
}

/** Notes how far a running vote is, without moving it. */
export function withProgress(task: TaskRecord, leaseId: string, patch: VotePatch): TaskRecord {
  const votes = task.votes.map((vote) => (vote.leaseId === leaseId ? { ...vote, ...patch } : vote));
  return { ...task, votes };
}

/** Moves every vote that `to` is legal for and `which` picks. */
export function withMovedVotes(
  task: TaskRecord,
  which: (vote: Vote) => boolean,
  to: VoteState,
  at: number,
  patch: VotePatch = {},
): TaskRecord {
  const picked = task.votes.filter((vote) => which(vote) && canMoveVote(vote.state, to));
  return picked.reduce((moved, vote) => withMovedVote(moved, vote.leaseId, to, at, patch), task);
}

/** What a settle said: every opened vote agreed with `digest` or differed from it. */
export function withCountedVotes(task: TaskRecord, digest: Hash, at: number): TaskRecord {
  const agreed = withMovedVotes(task, (vote) => vote.digest === digest, "agree", at);
  return withMovedVotes(agreed, (vote) => vote.digest !== undefined && vote.digest !== digest, "differ", at);
}

/** Votes with a result, grouped by nothing yet: what consensus weighs. A kept vote that nobody has opened is none of them. */
export function answeredVotes(task: TaskRecord): readonly (Vote & { readonly tag: Hash })[] {
  return task.votes.filter(
    (vote): vote is Vote & { tag: Hash } =>
      isAnswered(vote) && vote.tag !== undefined && (vote.state !== "kept" || vote.digest !== undefined),
  );
}

/** Votes as consensus takes them, by the weights that they have in the record. */
export function weighed(votes: readonly { readonly digest: Hash; readonly weight: string }[]): readonly WeightedVote[] {
  return votes.map(({ digest, weight }) => ({ digest, weight: BigInt(weight) }));
}
