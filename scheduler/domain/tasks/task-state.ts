import { taskIdOf } from "../../../protocol/deal.ts";
import { IllegalMoveError } from "../../../protocol/errors.ts";
import type { Address, Hash } from "../../../protocol/primitives.ts";
import type { Trial } from "../apps/trial.ts";
import type { KeptVotes } from "../votes/kept-votes.ts";
import type { TaskTerms } from "./task-terms.ts";
import type { Vote } from "../votes/vote-state.ts";

/**
 * Every move a task may make. Read a line as "from: to, to".
 *
 * - `open`      paid for on chain, its deal not yet checked
 * - `planned`   wants votes
 * - `running`   as many votes as wanted are leased or computed
 * - `agreed`    enough workers say the same
 * - `sealed`    those votes stand in an epoch that is being closed on chain
 * - `settled`   everybody is paid; terminal
 * - `declined`  its params, image or input could not be had; the payer is refunded; terminal
 * - `expired`   the deadline passed
 * - `claimed`   the payer is refunded; terminal
 */
const MOVES = {
  open: ["planned", "declined", "expired"],
  planned: ["running", "agreed", "declined", "expired"],
  running: ["agreed", "planned", "declined", "expired"],
  agreed: ["sealed", "planned", "declined", "expired"],
  sealed: ["settled", "agreed", "planned", "expired"],
  settled: [],
  declined: [],
  expired: ["claimed"],
  claimed: [],
} as const satisfies Record<string, readonly string[]>;

export type TaskState = keyof typeof MOVES;
export const TASK_STATES = Object.keys(MOVES) as readonly TaskState[];

/** One line of a task's history; `at` in Unix seconds. */
type HistoryEntry = { readonly at: number; readonly status: TaskState; readonly note: string };

/** A task with all its votes: one document, one writer at a time. */
export type TaskRecord = {
  readonly taskId: Hash;
  readonly dealId: Hash;
  readonly index: number;
  readonly terms: TaskTerms;
  readonly state: TaskState;
  /** Grows by one with every change; the store compares it before it writes. */
  readonly revision: number;
  readonly votes: readonly Vote[];
  /** Answers that it waits for even where fewer decide it; absent when it waits for no more than decide. */
  readonly atLeast?: number;
  /** Whether it was chosen for a spot check, which it is once at most. */
  readonly spotCheck?: true;
  /** How it was placed while the pool did not know its app; absent where it did. */
  readonly trial?: Trial;
  /** What the chain keeps of its votes; absent when nothing. */
  readonly kept?: KeptVotes;
  /** Known from the epoch's opening on. */
  readonly digest?: Hash;
  /** SHA-256 of the verified result blob that the pool holds. */
  readonly result?: string;
  /** Workers that were asked for the output and did not deliver it. */
  readonly uploadsFailed?: readonly Address[];
  /** Why nothing happens, when nothing does: the last placement's refusals, in words. */
  readonly waitingFor?: string;
  readonly history: readonly HistoryEntry[];
};

/** Oldest entries beyond this are forgotten. */
const HISTORY_LIMIT = 64;

export function newTask(dealId: Hash, index: number, terms: TaskTerms, at: number): TaskRecord {
  const history = [{ at, status: "open", note: "deal seen on chain" }] as const;
  return { taskId: taskIdOf(dealId, index), dealId, index, terms, state: "open", revision: 0, votes: [], history };
}

export function canMove(from: TaskState, to: TaskState): boolean {
  return (MOVES[from] as readonly TaskState[]).includes(to);
}

/** Terminal means "no way out", computed and not listed. */
export function isTerminal(state: TaskState): boolean {
  return MOVES[state].length === 0;
}

/** Whether the pool still works on a task of this state. */
export function isLive(state: TaskState): boolean {
  return canMove(state, "expired");
}

/**
 * Returns the moved task. Pure: the caller stores it.
 * @throws IllegalMoveError when the table does not list the move
 */
export function moveTask(task: TaskRecord, to: TaskState, at: number, note: string): TaskRecord {
  const { taskId, state: from } = task;
  if (!canMove(from, to)) {
    throw new IllegalMoveError(`Task ${taskId} cannot go from ${from} to ${to}`, { details: { taskId, from, to } });
  }
  return inState(task, to, at, note);
}

/** The chain has the last word: whatever the pool believed, this is how the task ended. */
export function endTask(
  task: TaskRecord,
  to: "settled" | "declined" | "claimed",
  at: number,
  note: string,
): TaskRecord {
  return isTerminal(task.state) ? task : inState(task, to, at, note);
}

/**
 * The block in which a task ended, or was seen, is no more. Its votes stand as before its settle: whether that happens again
 * decides how it goes on, so nobody is asked for anything meanwhile.
 */
export function doubtTask(task: TaskRecord, at: number, note: string): TaskRecord {
  const isKept = (worker: Address): boolean => task.kept?.votes.some((vote) => vote.worker === worker) ?? false;
  const votes = task.votes.map((vote) =>
    vote.state === "agree" || vote.state === "differ"
      ? ({ ...vote, state: isKept(vote.worker) ? "kept" : "opened", at } as const)
      : vote,
  );
  return inState({ ...task, votes }, "sealed", at, note);
}

function inState(task: TaskRecord, to: TaskState, at: number, note: string): TaskRecord {
  return { ...task, state: to, history: [...task.history, { at, status: to, note }].slice(-HISTORY_LIMIT) };
}
