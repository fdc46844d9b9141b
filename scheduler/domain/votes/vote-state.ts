import { IllegalMoveError } from "../../../protocol/errors.ts";
import type { Stage } from "../../../protocol/messages.ts";
import type { Address, Hash } from "../../../protocol/primitives.ts";

/**
 * Every move a vote may make.
 *
 * - `leased`    offered to a worker
 * - `running`   accepted by it
 * - `computed`  it says that it has a result, not which
 * - `balloted`  its sealed vote stands in a signed ballot
 * - `opened`    it has told its digest, which fits the seal
 * - `kept`      its task stayed open in a settle: the vote waits on chain, and counts with others
 * - `agree` `differ`  counted by a settle; terminal
 * - `withheld`  kept sealed and not opened in time: it has cost what a lie costs; terminal
 * - `lost`      no heartbeat, or silent when it was asked for a ballot; counts again if its answer still comes, unless its worker
 *               was caught with another vote
 * - `refused`   the worker did not want it; terminal
 * - `failed`    the worker could not, or its failure was of its own machine; terminal
 */
const MOVES = {
  leased: ["running", "computed", "lost", "refused", "failed", "kept"],
  running: ["computed", "lost", "refused", "failed", "kept"],
  computed: ["balloted", "lost", "refused", "failed", "kept"],
  balloted: ["opened", "computed", "lost", "refused", "failed", "kept"],
  opened: ["agree", "differ", "computed", "lost", "kept"],
  kept: ["agree", "differ", "withheld", "lost"],
  agree: [],
  differ: [],
  withheld: [],
  lost: ["computed", "kept"],
  refused: [],
  failed: [],
} as const satisfies Record<string, readonly string[]>;

export type VoteState = keyof typeof MOVES;
export const VOTE_STATES = Object.keys(MOVES) as readonly VoteState[];

/** One worker's vote for one task. */
export type Vote = {
  readonly leaseId: string;
  readonly worker: Address;
  /** The machine it runs on, as its agent says. */
  readonly machine: Hash;
  /** Whose it is, where that is proven. */
  readonly owner?: Address;
  readonly state: VoteState;
  /** Unix seconds of the last change. */
  readonly at: number;
  /** Weight in consensus when it was leased, in decimal. */
  readonly weight: string;
  /** The machine's benchmark and memory when it was leased: what "more to spare" is measured by. */
  readonly spare: { readonly benchmark: number; readonly memoryMiB: number };
  /** `keccak256(taskId, digest)`, from `computed` on. */
  readonly tag?: Hash;
  readonly digest?: Hash;
  /** What opens its seal, as far as somebody has told. */
  readonly secret?: Hash;
  readonly stage?: Stage;
  readonly percent?: number;
  /** Why it ended, when it did. */
  readonly code?: string;
  /** Unix milliseconds, by the pool's clock, of its worker's first lease of this task. */
  readonly since: number;
  /** Unix milliseconds, by the pool's clock, at which its worker said that the app runs. */
  readonly ranSince?: number;
  /** Milliseconds from then, or else from the lease, to the answer; absent for one that came again or late. */
  readonly tookMs?: number;
  /** How many leases of this task its worker has had, with this one. */
  readonly tries?: number;
};

/** A lease lives this long without a heartbeat, in milliseconds. */
export const LEASE_MS = 15_000;

/** Votes that hold a worker's slot. */
const WORKING: readonly VoteState[] = ["leased", "running"];
/** Votes whose answer exists. */
const ANSWERED: readonly VoteState[] = ["computed", "balloted", "opened", "kept", "agree", "differ"];

export function isWorking(vote: Vote): boolean {
  return WORKING.includes(vote.state);
}

/** Has a result that consensus may count. */
export function isAnswered(vote: Vote): boolean {
  return ANSWERED.includes(vote.state);
}

/** Votes that put their worker's stake at risk. */
export const HELD_STATES: readonly VoteState[] = ["leased", "running", "computed", "balloted", "opened", "kept"];

/** Has the worker's stake at risk until it is counted or given up. */
export function isHeld(vote: Vote): boolean {
  return HELD_STATES.includes(vote.state);
}

export function canMoveVote(from: VoteState, to: VoteState): boolean {
  return (MOVES[from] as readonly VoteState[]).includes(to);
}

/** What may change with a move. */
export type VotePatch = Partial<
  Pick<Vote, "tag" | "digest" | "secret" | "stage" | "percent" | "code" | "ranSince" | "tookMs">
>;

/** @throws IllegalMoveError when the table does not list the move */
export function moveVote(vote: Vote, to: VoteState, at: number, patch: VotePatch = {}): Vote {
  const { leaseId, state: from } = vote;
  if (!canMoveVote(from, to)) {
    throw new IllegalMoveError(`Vote ${leaseId} cannot go from ${from} to ${to}`, { details: { leaseId, from, to } });
  }
  return { ...vote, ...patch, state: to, at };
}
