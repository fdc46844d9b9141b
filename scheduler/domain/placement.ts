import { shortfalls, unpackResources } from "../../protocol/capabilities.ts";
import type { Limits } from "../../protocol/lease.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import { isAsFast, SLOWEST_SCORE } from "../../protocol/time-limits.ts";
import { needsSecondMachine } from "./failure-votes.ts";
import { firstOfMachine, machinesOn } from "./one-vote.ts";
import { bars, isPassing } from "./second-tries.ts";
import type { TaskRecord } from "./task-state.ts";
import { answeredVotes } from "./task-votes.ts";
import { isWorking } from "./vote-state.ts";
import type { Vote } from "./vote-state.ts";

/** A worker as placement sees it: what it offers, what it is busy with, what it can lose. */
export type Candidate = {
  readonly worker: Address;
  readonly machine: Hash;
  readonly capabilities: Hash;
  readonly platform: string;
  readonly slots: number;
  readonly accepting: boolean;
  /** Limits of the leases it holds now. */
  readonly busy: readonly Limits[];
  /** Weight in consensus, from its score on chain. */
  readonly weight: bigint;
  /** Bond that covers new votes, in wei: its cover less what is at risk already. */
  readonly freeCover: bigint;
  /** Share of its leases that ended well, 0 to 1. */
  readonly reliability: number;
};

/** Why a worker does not get a lease, in a closed list so that reasons can be counted. */
type Refusal =
  | "already votes on this task"
  | "its machine already votes on this task"
  | "another worker of its machine comes first"
  | "has to wait before it tries this task again"
  | "no larger than the machine that failed at this task"
  | "takes no leases now"
  | "all slots taken"
  | "bond too small"
  | "other platform"
  | "too slow to keep the deadline"
  | `lacks ${string}`;

/** What a task asks of a worker. */
export type Demand = {
  readonly requirements: Hash;
  readonly platform: string;
  /** Whether workers of one machine may vote on one task: then their agreement is that of one machine with itself. */
  readonly sameMachineVotes: boolean;
  /** Unix seconds. */
  readonly now: number;
};

/** The workers that may take a lease, best first, and why the others may not. */
export type Placement = {
  readonly ranked: readonly Candidate[];
  readonly refused: readonly { readonly worker: Address; readonly reason: Refusal }[];
};

/** Filters and ranks; pure, so that the same question always has the same answer. */
export function place(task: TaskRecord, demand: Demand, candidates: readonly Candidate[]): Placement {
  const taken = demand.sameMachineVotes ? new Set<Hash>() : machinesOn(task, candidates);
  const judged = candidates.map((candidate) => ({ candidate, reason: refusal(task, demand, candidate, taken) }));
  const refused = judged.flatMap(({ candidate, reason }) =>
    reason === undefined ? [] : [{ worker: candidate.worker, reason }],
  );
  const able = judged.filter(({ reason }) => reason === undefined).map(({ candidate }) => candidate);
  const ranked = able.sort(byRank(task));
  if (demand.sameMachineVotes) return { ranked, refused };
  const first = firstOfMachine(ranked);
  const others = ranked.filter((candidate) => !first.includes(candidate));
  const reason = "another worker of its machine comes first";
  return { ranked: first, refused: [...refused, ...others.map(({ worker }) => ({ worker, reason }) as const)] };
}

/** Reasons that end by themselves. */
const PASSING: readonly Refusal[] = [
  "takes no leases now",
  "all slots taken",
  "has to wait before it tries this task again",
];

/** How many workers could take a lease of the task, now or once they are free. */
export function withinReach({ ranked, refused }: Placement): number {
  return ranked.length + refused.filter(({ reason }) => PASSING.includes(reason)).length;
}

/** The refusals grouped by reason, as `task show` prints them: `2 x all slots taken, 1 x bond too small`. */
export function explain(placement: Placement): string {
  if (placement.refused.length === 0)
    return placement.ranked.length === 0 ? "no worker is connected" : "all slots taken";
  const counts = new Map<string, number>();
  for (const { reason } of placement.refused) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, count]) => `${count} x ${reason}`).join(", ");
}

function refusal(
  task: TaskRecord,
  demand: Demand,
  candidate: Candidate,
  taken: ReadonlySet<Hash>,
): Refusal | undefined {
  const barring = barringVote(task, candidate.worker, demand.now);
  if (barring) return isPassing(barring) ? "has to wait before it tries this task again" : "already votes on this task";
  if (taken.has(candidate.machine)) return "its machine already votes on this task";
  if (!candidate.accepting) return "takes no leases now";
  if (candidate.busy.length >= candidate.slots) return "all slots taken";
  if (candidate.freeCover < BigInt(task.terms.stake)) return "bond too small";
  if (candidate.platform !== demand.platform) return "other platform";
  return machineFault(task, demand, candidate);
}

function machineFault(task: TaskRecord, demand: Demand, candidate: Candidate): Refusal | undefined {
  if (unpackResources(candidate.capabilities).benchmark < SLOWEST_SCORE) return "too slow to keep the deadline";
  if (isTooSmall(task, candidate)) return "no larger than the machine that failed at this task";
  const missing = [
    ...shortfalls(candidate.capabilities, demand.requirements),
    ...overbooked(task.terms.limits, candidate),
  ];
  return missing.length > 0 ? `lacks ${missing.join(", ")}` : undefined;
}

/** A worker whose lease was lost may try again after a while: its journal answers with the vote it had. */
function barringVote(task: TaskRecord, worker: Address, now: number): Vote | undefined {
  return task.votes.find((vote) => vote.worker === worker && bars(vote, now));
}

/** Whether a task waits for a machine with no less to spare than those that failed at it, and this one has less. */
function isTooSmall(task: TaskRecord, { capabilities }: Candidate): boolean {
  if (!needsSecondMachine(task)) return false;
  const { benchmark, memoryMiB } = unpackResources(capabilities);
  return answeredVotes(task).some(({ spare }) => !isAsFast(benchmark, spare.benchmark) || memoryMiB < spare.memoryMiB);
}

/** The resources that the leases already held leave too little of. */
function overbooked(limits: Limits, candidate: Candidate): readonly string[] {
  const total = unpackResources(candidate.capabilities);
  return (["cpuMillicores", "memoryMiB", "diskMiB"] as const).filter(
    (lane) => candidate.busy.reduce((sum, lease) => sum + lease[lane], limits[lane]) > total[lane],
  );
}

/**
 * Those that have not failed at this task before the others, then machines that it is not on yet, idle ones, the reliable,
 * the fast, the known.
 */
function byRank(task: TaskRecord): (a: Candidate, b: Candidate) => number {
  const tried = new Map(task.votes.map((vote) => [vote.worker, vote.tries ?? 1]));
  const here = new Set(task.votes.filter(isWorking).map((vote) => vote.machine));
  const key = (candidate: Candidate): readonly number[] => [
    tried.get(candidate.worker) ?? 0,
    here.has(candidate.machine) ? 1 : 0,
    candidate.busy.length / candidate.slots,
    -candidate.reliability,
    -unpackResources(candidate.capabilities).benchmark,
    -Number(candidate.weight),
  ];
  return (a, b) => compareKeys(key(a), key(b)) || (a.worker < b.worker ? -1 : 1);
}

function compareKeys(a: readonly number[], b: readonly number[]): number {
  return a.map((value, index) => value - b[index]!).find((difference) => difference !== 0) ?? 0;
}
