import { sealOf, tagOf } from "../../../protocol/ballot.ts";
import { consensusOf } from "../../../protocol/consensus.ts";
import { KEPT_OPEN_SECONDS } from "../../../protocol/kept-votes.ts";
import type { Address, Hash } from "../../../protocol/primitives.ts";
import type { CarriedVote, KeptVote } from "../../../protocol/settlement.ts";
import type { TaskRecord } from "../tasks/task-state.ts";
import { weighed } from "./task-votes.ts";
import { canMoveVote, moveVote } from "./vote-state.ts";
import type { Vote } from "./vote-state.ts";

/**
 * Votes that the chain keeps of a task, since a settle named it and did not decide it. Every later settle that names the task
 * brings exactly these, in this order. The list is the chain's; what opens a sealed one stands in the worker's vote.
 */
export type KeptVotes = {
  /** Unix second of the settle. */
  readonly at: number;
  readonly votes: readonly KeptVote[];
};

/** What somebody has told of a sealed vote. */
export type KeptOpening = { readonly worker: Address; readonly digest: Hash; readonly secret: Hash };

/**
 * The task with the votes that the chain keeps of it by now. A vote of the pool's that was kept and is no more had lost its
 * cover; one that the pool has no record of is taken from `strangers`.
 */
export function withKeptVotes(
  task: TaskRecord,
  kept: KeptVotes,
  strangers: ReadonlyMap<Address, Vote>,
  at: number,
): TaskRecord {
  const { kept: _before, ...rest } = task;
  const listed = new Map(kept.votes.map((vote) => [vote.worker, vote]));
  const others = task.votes.filter(({ worker }) => !listed.has(worker)).map((vote) => uncovered(vote, at));
  const own = kept.votes.flatMap((vote) => {
    const known = task.votes.find((other) => other.worker === vote.worker && mayBeKept(other));
    const found = known ?? strangers.get(vote.worker);
    return found ? [asKept(task.taskId, found, vote, at)] : [];
  });
  return { ...rest, votes: [...others, ...own], ...(kept.votes.length > 0 ? { kept } : {}) };
}

function mayBeKept({ state }: Vote): boolean {
  return state === "kept" || canMoveVote(state, "kept");
}

function uncovered(vote: Vote, at: number): Vote {
  return vote.state === "kept" ? moveVote(vote, "lost", at, { code: "GM_STAKE_UNCOVERED" }) : vote;
}

function asKept(taskId: Hash, vote: Vote, kept: KeptVote, at: number): Vote {
  const { digest, secret, code: _code, ...rest } = vote.state === "kept" ? vote : moveVote(vote, "kept", at);
  if (!kept.isSealed) return { ...rest, digest: kept.word, tag: tagOf(taskId, kept.word) };
  const opens = digest !== undefined && secret !== undefined && fits(taskId, kept, { digest, secret });
  return opens ? { ...rest, digest, secret, tag: tagOf(taskId, digest) } : { ...rest, code: "GM_NOT_OPENED" };
}

function fits(
  taskId: Hash,
  { worker, word }: KeptVote,
  { digest, secret }: Pick<KeptOpening, "digest" | "secret">,
): boolean {
  return sealOf(worker, taskId, digest, secret) === word;
}

/** The task with a kept vote opened; undefined when it keeps no sealed vote that this opens. */
export function withOpenedVote(task: TaskRecord, opening: KeptOpening): TaskRecord | undefined {
  const { worker, digest, secret } = opening;
  const kept = task.kept?.votes.find((vote) => vote.worker === worker && vote.isSealed);
  const closed = silentVotes(task).some((vote) => vote.worker === worker);
  if (!kept || !closed || !fits(task.taskId, kept, opening)) return undefined;
  const votes = task.votes.map((vote) => {
    if (vote.worker !== worker || vote.state !== "kept") return vote;
    const { code: _silent, ...rest } = vote;
    return { ...rest, digest, secret, tag: tagOf(task.taskId, digest) };
  });
  return { ...task, votes };
}

/** Kept votes that nobody can open: their task stays open until they are withheld. */
export function silentVotes({ votes }: TaskRecord): readonly Vote[] {
  return votes.filter(({ state, digest }) => state === "kept" && digest === undefined);
}

/** Last Unix second at which naming the task would only keep it again; undefined when nothing is waited for. */
export function heldUntil(task: TaskRecord): number | undefined {
  return task.kept && silentVotes(task).length > 0 ? task.kept.at + KEPT_OPEN_SECONDS : undefined;
}

/** What the kept votes alone agree on, once those that nobody opened are withheld: no ballot is wanted then. */
export function decidedByKept(task: TaskRecord): Hash | undefined {
  return consensusOf(weighed(openKeptVotes(task)), task.terms.trust);
}

/** Kept votes whose digest is known. */
export function openKeptVotes({ votes }: TaskRecord): readonly (Vote & { readonly digest: Hash })[] {
  return votes.filter((vote): vote is Vote & { digest: Hash } => vote.state === "kept" && vote.digest !== undefined);
}

/** The kept votes as a settle brings them: in the chain's order, opened as far as the pool can. */
export function carriedVotes({ kept, votes }: TaskRecord): readonly CarriedVote[] {
  return (kept?.votes ?? []).map((vote) => {
    const known = votes.find(({ worker, state }) => worker === vote.worker && state === "kept");
    if (!vote.isSealed || known?.digest === undefined || known.secret === undefined) return vote;
    return { ...vote, opening: { digest: known.digest, secret: known.secret } };
  });
}
