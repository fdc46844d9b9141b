import type { Limits } from "../../../protocol/lease.ts";
import type { Weights } from "../../../protocol/placement-weights.ts";
import { PLACEMENT_CLAUSES } from "../../../protocol/pool-why.ts";
import type { Address, Hash } from "../../../protocol/primitives.ts";
import type { Grade } from "../workers/conduct.ts";
import { BESIDE_BETTER, exclusionsOf, FOR_TRUSTED } from "./exclusions.ts";
import type { Exclusion } from "./exclusions.ts";
import { NOBODY, oneEach, spokenOn } from "./one-vote.ts";
import { scoreOf } from "./scoring.ts";
import type { Score } from "./scoring.ts";
import { isChecking } from "./spot-checks.ts";
import type { TaskRecord } from "../tasks/task-state.ts";
import { isWorking } from "../votes/vote-state.ts";

/** A worker as placement sees it: what it offers, what it is busy with, what it can lose. */
export type Candidate = {
  readonly worker: Address;
  readonly machine: Hash;
  /** Whose it is, where that is proven. */
  readonly owner?: Address;
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
  /** All of its cover, at risk or not, in wei. */
  readonly cover: bigint;
  readonly grade: Grade;
  /** Score of its machine, as stated, or as shown where that is far below. */
  readonly speed: number;
  /** Results confirmed since its probation began. */
  readonly confirmed: number;
  /** Share of its leases that ended well, 0 to 1. */
  readonly reliability: number;
  /** What it draws while it computes with all that it offers, if its owner says. */
  readonly watts?: number;
};

/** What a task asks of a worker. */
export type Demand = {
  readonly requirements: Hash;
  readonly platform: string;
  /** Whether workers of one machine or owner may vote on one task: then their agreement is that of one with itself. */
  readonly sameMachineVotes: boolean;
  /** What the requester weighs; the pool's own order when absent. */
  readonly weights?: Weights;
  /** Unix seconds. */
  readonly now: number;
};

/** A worker that may be leased the task, and how good it is for it. */
type Ranked = Candidate & { readonly score: Score };

/** The workers that may take a lease, best first, and why the others may not. */
export type Placement = {
  readonly ranked: readonly Ranked[];
  /** At least one exclusion each; in the order of the clauses, then of the addresses. */
  readonly refused: readonly { readonly worker: Address; readonly exclusions: readonly Exclusion[] }[];
  /** Those that could take a lease, now or once what excludes them has passed. */
  readonly inReach: readonly Candidate[];
  /** The trusted ones of those, one of each machine and owner, whoever is better beside them. */
  readonly trusted: readonly Candidate[];
};

/** Filters and ranks; pure, so that the same question always has the same answer. */
export function place(task: TaskRecord, demand: Demand, candidates: readonly Candidate[]): Placement {
  const sameMachineVotes = demand.sameMachineVotes && task.trial !== "probe";
  const question = {
    task,
    demand,
    taken: sameMachineVotes ? NOBODY : spokenOn(task, candidates),
    hasTrusted: candidates.some(({ grade, accepting }) => grade === "trusted" && accepting),
  };
  const judged = trustedFirst(
    task,
    candidates.map((candidate) => ({ candidate, exclusions: exclusionsOf(question, candidate) })),
  );
  const refused = judged.flatMap(({ candidate: { worker }, exclusions }) =>
    exclusions.length > 0 ? [{ worker, exclusions }] : [],
  );
  const able = judged.filter(({ exclusions }) => exclusions.length === 0).map(({ candidate }) => candidate);
  const ranked = able
    .map((candidate) => ({ ...candidate, score: scoreOf(task, demand, candidate) }))
    .sort(byRank(task));
  const soon = judged.filter(({ exclusions }) => exclusions.length > 0 && exclusions.every(({ passes }) => passes));
  const inReach = [...ranked, ...soon.map(({ candidate }) => candidate)];
  const trusted = oneEach(inReach.filter(({ grade }) => grade === "trusted")).first;
  if (sameMachineVotes) return { ranked, refused: refused.sort(byClause), inReach, trusted };
  const { first, beside } = oneEach(ranked);
  const others = beside.map(({ of, shares }) => ({ worker: of.worker, exclusions: [BESIDE_BETTER[shares]] }));
  return { ranked: first, refused: [...refused, ...others].sort(byClause), inReach: oneEach(inReach).first, trusted };
}

type Judged = { readonly candidate: Candidate; readonly exclusions: readonly Exclusion[] };

/** While a trusted worker can take it, now or soon, nobody else gets a task by which an app is compared. */
function trustedFirst(task: TaskRecord, judged: readonly Judged[]): readonly Judged[] {
  const inReach = ({ exclusions }: Judged): boolean => exclusions.every(({ passes }) => passes);
  const isTrusted = ({ candidate }: Judged): boolean => candidate.grade === "trusted";
  if (task.trial !== "probe" || !judged.some((each) => isTrusted(each) && inReach(each))) return judged;
  return judged.map((each) =>
    isTrusted(each) || !inReach(each) ? each : { ...each, exclusions: [...each.exclusions, FOR_TRUSTED] },
  );
}

type Refused = Placement["refused"][number];

function byClause(a: Refused, b: Refused): number {
  const place = ({ exclusions }: Refused): number => PLACEMENT_CLAUSES.indexOf(exclusions[0]!.clause);
  return place(a) - place(b) || (a.worker < b.worker ? -1 : 1);
}

/**
 * The refusals grouped by what comes first, as `task show` prints them: `2 x all slots taken, 1 x bond too small`.
 * @param wanted how many leases the task wants
 */
export function explain({ ranked, refused }: Placement, wanted: number): string {
  if (ranked.length + refused.length === 0) return "no worker is connected";
  if (refused.length === 0) return wanted > ranked.length ? "more workers than are connected" : "all slots taken";
  const counts = new Map<string, number>();
  for (const { exclusions } of refused) {
    const { reason } = exclusions[0]!;
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].map(([reason, count]) => `${count} x ${reason}`).join(", ");
}

/** Those that have not failed at this task before the others, then machines that it is not on yet, then by score; equals: the idler. */
function byRank(task: TaskRecord): (a: Ranked, b: Ranked) => number {
  const tried = new Map(task.votes.map((vote) => [vote.worker, vote.tries ?? 1]));
  const checking = isChecking(task);
  const here = new Set(task.votes.filter(isWorking).map((vote) => vote.machine));
  const key = ({ worker, machine, grade, score, busy, slots }: Ranked): readonly number[] => [
    tried.get(worker) ?? 0,
    here.has(machine) ? 1 : 0,
    checking && grade !== "probation" ? 1 : 0,
    -score.total,
    busy.length / slots,
  ];
  return (a, b) => compareKeys(key(a), key(b)) || (a.worker < b.worker ? -1 : 1);
}

function compareKeys(a: readonly number[], b: readonly number[]): number {
  return a.map((value, index) => value - b[index]!).find((difference) => difference !== 0) ?? 0;
}
