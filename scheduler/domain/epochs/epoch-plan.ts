import {
  EPOCH_CALLBACK_LIMIT,
  EPOCH_GAS_LIMIT,
  TRANSACTION_GAS_CAP,
  MAX_VOTES_PER_TASK,
  SETTLE_WINDOW_SECONDS,
} from "../../../protocol/constants.ts";
import type { Address, Hash } from "../../../protocol/primitives.ts";
import { byTask, estimateSettleGas } from "../../../protocol/settlement.ts";
import { SEAL_LOST } from "./epoch-state.ts";
import type { EpochRecord, EpochTask } from "./epoch-state.ts";
import { ownFailures } from "../votes/failure-votes.ts";
import { decidedByKept, heldUntil } from "../votes/kept-votes.ts";
import { waitAfter } from "../votes/second-tries.ts";
import { needsUpload } from "./settle-plan.ts";
import { isTerminal } from "../tasks/task-state.ts";
import type { TaskRecord } from "../tasks/task-state.ts";
import type { Vote } from "../votes/vote-state.ts";

/** When an epoch is closed, beside the limits of gas and callbacks. */
export type EpochPolicy = {
  /** No agreed task waits longer than this for others to join it, in seconds. */
  readonly maxWaitSeconds: number;
  readonly maxTasks: number;
  /** How long workers have to answer `ballot?`, in seconds. */
  readonly ballotSeconds: number;
  /** How long they have to open and upload, in seconds. */
  readonly openSeconds: number;
  /** A task whose deadline is nearer than this is not put into an epoch: the seal might come too late. Seconds. */
  readonly sealMarginSeconds: number;
};

/** What the lane looks like when the question is asked. */
export type LaneView = {
  /** Tasks in `agreed`. */
  readonly agreed: readonly TaskRecord[];
  /** Tasks of this lane that may still join them soon. */
  readonly underway: number;
  readonly now: number;
};

/** The tasks to close an epoch over now, in task order; empty to wait on. */
export function tasksToSeal(view: LaneView, policy: EpochPolicy): readonly TaskRecord[] {
  const ready = view.agreed.filter((task) => isReady(task, view.now, policy)).sort(byTask);
  const fitting = withinLimits(ready, policy.maxTasks);
  const full = fitting.length < ready.length || fitting.length >= policy.maxTasks;
  return full || view.underway === 0 || waitedLong(ready, view.now, policy) ? fitting : [];
}

/** The new epoch, with every worker asked for the votes it has computed for those of these tasks that want more. */
export function planEpoch(
  lane: number,
  epoch: number,
  tasks: readonly TaskRecord[],
  ballotsUntil: number,
): EpochRecord {
  return {
    lane,
    epoch,
    state: "balloting",
    revision: 0,
    tasks: tasks.map(epochTask),
    asked: askedOf(tasks),
    ballotsUntil,
    ballots: [],
    leaves: [],
    uploads: {},
  };
}

function epochTask(task: TaskRecord): EpochTask {
  const { taskId, dealId, index } = task;
  return { taskId, dealId, index, ...(decidedByKept(task) === undefined ? {} : { byKept: true }) };
}

function askedOf(tasks: readonly TaskRecord[]): Record<Address, readonly Hash[]> {
  const asked: Record<Address, Hash[]> = {};
  for (const task of tasks) {
    for (const { worker } of votesToBallot(task)) (asked[worker] ??= []).push(task.taskId);
  }
  return asked;
}

/** Votes that an epoch asks ballots for: none where the kept ones decide, since further ones would earn nothing. */
function votesToBallot(task: TaskRecord): readonly Vote[] {
  if (decidedByKept(task) !== undefined) return [];
  const dropped = new Set(ownFailures(task).map((vote) => vote.leaseId));
  const computed = task.votes.filter((vote) => vote.state === "computed" && !dropped.has(vote.leaseId));
  return computed.slice(0, MAX_VOTES_PER_TASK - (task.kept?.votes.length ?? 0));
}

/**
 * In its time (a seal that is sent now comes into a later block than the one that tells the time), not while a kept vote may still be opened (naming the task would keep that vote anew), and not again at once
 * after settles that left it open: each of them costs gas.
 */
function isReady(task: TaskRecord, now: number, policy: EpochPolicy): boolean {
  const { terms } = task;
  // What is kept by then may be settled as long as the deal cannot be claimed.
  const end = decidedByKept(task) === undefined ? terms.deadline : terms.deadline + SETTLE_WINDOW_SECONDS;
  const inTime = terms.sealAfter <= now && now + policy.sealMarginSeconds <= end;
  return inTime && now > (heldUntil(task) ?? 0) && now >= nextTry(task);
}

function nextTry(task: TaskRecord): number {
  // One that a reorganisation has put in doubt stands as sealed, too, and has not been tried once more by that.
  const isDoubt = (place: number): boolean => place > 0 && isTerminal(task.history[place - 1]!.status);
  // Nor has one whose seal a reorganisation removed: its voters give back the ballot that names all its tasks, so these go together.
  const isLost = (place: number): boolean => task.history[place + 1]?.note === SEAL_LOST;
  const seals = task.history.filter(({ status }, place) => status === "sealed" && !isDoubt(place) && !isLost(place));
  if (lacksOnlyOutput(task)) return task.history.at(-1)!.at + waitAfter(seals.length + 1);
  return (seals.at(-1)?.at ?? 0) + waitAfter(seals.length);
}

/** Its voters have been asked for the output a moment ago, and an epoch that brings nothing new would only ask them again. */
function lacksOnlyOutput(task: TaskRecord): boolean {
  const digest = decidedByKept(task);
  return digest !== undefined && needsUpload(digest) && (task.digest !== digest || task.result === undefined);
}

function waitedLong(ready: readonly TaskRecord[], now: number, policy: EpochPolicy): boolean {
  return ready.some(({ history }) => now - (history.at(-1)?.at ?? now) >= policy.maxWaitSeconds);
}

function withinLimits(tasks: readonly TaskRecord[], maxTasks: number): readonly TaskRecord[] {
  let count = Math.min(tasks.length, maxTasks);
  while (count > 1 && !fits(tasks.slice(0, count))) count = Math.floor(count * 0.9);
  return tasks.slice(0, count);
}

function fits(tasks: readonly TaskRecord[]): boolean {
  const votes = tasks.flatMap((task) => [
    ...votesToBallot(task),
    ...task.votes.filter((vote) => vote.state === "kept"),
  ]);
  const callbacks = tasks.filter(({ terms }) => terms.hasCallback).length;
  const size = {
    deals: new Set(tasks.map((task) => task.dealId)).size,
    tasks: tasks.length,
    votes: votes.length,
    ballots: new Set(votes.map((vote) => vote.worker)).size,
    callbacks,
  };
  // One worker that opens nothing may leave every task open, and to keep votes costs more than to pay them.
  const worst = estimateSettleGas({ ...size, open: true });
  return (
    estimateSettleGas(size) <= EPOCH_GAS_LIMIT && worst <= TRANSACTION_GAS_CAP && callbacks <= EPOCH_CALLBACK_LIMIT
  );
}
