import { EPOCH_CALLBACK_LIMIT, EPOCH_GAS_LIMIT } from "../../protocol/constants.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import { byTask, estimateSettleGas } from "../../protocol/settlement.ts";
import type { EpochRecord } from "./epoch-state.ts";
import { ownFailures } from "./failure-votes.ts";
import { waitAfter } from "./second-tries.ts";
import type { TaskRecord } from "./task-state.ts";

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

/** The new epoch, with every worker asked for the votes it has computed for these tasks. */
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
    tasks: tasks.map(({ taskId, dealId, index }) => ({ taskId, dealId, index })),
    asked: askedOf(tasks),
    ballotsUntil,
    ballots: [],
    leaves: [],
    uploads: {},
  };
}

function askedOf(tasks: readonly TaskRecord[]): Record<Address, readonly Hash[]> {
  const asked: Record<Address, Hash[]> = {};
  for (const task of tasks) {
    const dropped = new Set(ownFailures(task).map((vote) => vote.leaseId));
    const computed = task.votes.filter((vote) => vote.state === "computed" && !dropped.has(vote.leaseId));
    for (const { worker } of computed) (asked[worker] ??= []).push(task.taskId);
  }
  return asked;
}

/** In its time, and not again at once after settles that left it open: each of them costs gas. */
function isReady({ terms, history }: TaskRecord, now: number, policy: EpochPolicy): boolean {
  const inTime = terms.sealAfter < now && now + policy.sealMarginSeconds <= terms.deadline;
  const seals = history.filter(({ status }) => status === "sealed");
  return inTime && now >= (seals.at(-1)?.at ?? 0) + waitAfter(seals.length);
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
  const votes = tasks.flatMap((task) => task.votes.filter((vote) => vote.state === "computed"));
  const callbacks = tasks.filter(({ terms }) => terms.hasCallback).length;
  const gas = estimateSettleGas({
    deals: new Set(tasks.map((task) => task.dealId)).size,
    tasks: tasks.length,
    votes: votes.length,
    ballots: new Set(votes.map((vote) => vote.worker)).size,
    callbacks,
  });
  return gas <= EPOCH_GAS_LIMIT && callbacks <= EPOCH_CALLBACK_LIMIT;
}
