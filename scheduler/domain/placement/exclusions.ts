import { RESOURCE_LANES, shortfalls, unpackResources } from "../../../protocol/capabilities.ts";
import type { Limits } from "../../../protocol/lease.ts";
import { FREE_BOND } from "../../../protocol/pool-why.ts";
import type { PlacementClause, PlacementFigure } from "../../../protocol/pool-why.ts";
import type { Hash } from "../../../protocol/primitives.ts";
import { isAsFast, SLOWEST_SCORE } from "../../../protocol/time-limits.ts";
import { leasesOnProbation, MOST_MISSED } from "../workers/conduct.ts";
import type { Grade } from "../workers/conduct.ts";
import { MOST_PLAUSIBLE_SCORE } from "../workers/pace.ts";
import { needsSecondMachine } from "../votes/failure-votes.ts";
import { hasAccountIn } from "./one-vote.ts";
import type { Spoken } from "./one-vote.ts";
import type { Candidate, Demand } from "./placement.ts";
import { bars, isPassing } from "../votes/second-tries.ts";
import type { TaskRecord } from "../tasks/task-state.ts";
import { answeredVotes } from "../votes/task-votes.ts";

/** Why a worker does not get a lease. */
export type Exclusion = {
  readonly clause: PlacementClause;
  /** For people, and for counting: the same words for all workers that the same thing excludes. */
  readonly reason: string;
  /** Whether it may end without anybody doing anything. */
  readonly passes: boolean;
  readonly figures: readonly PlacementFigure[];
};

type Question = {
  readonly task: TaskRecord;
  readonly demand: Demand;
  /** Who has a vote of the task. */
  readonly taken: Spoken;
  /** Whether a worker that is through its probation takes leases: in a pool of newcomers they serve at once. */
  readonly hasTrusted: boolean;
};

/** A worker beside a better one of the same machine or owner. */
export const BESIDE_BETTER = {
  machine: lasting("machine", "another worker of its machine comes first"),
  owner: lasting("owner", "another worker of its owner comes first"),
} as const;

/** A worker that is not trusted while trusted ones can take the task by which an app is compared. */
export const FOR_TRUSTED: Exclusion = passing("app", "its app is new here, and goes to trusted workers first");

/** Every clause that excludes a worker, in the order of `PLACEMENT_CLAUSES`; none for one that may be leased the task. */
export function exclusionsOf(question: Question, candidate: Candidate): readonly Exclusion[] {
  const voted = votedFault(question, candidate);
  // What else is true of it is of no interest: another lease of this task is not for it.
  if (voted && !voted.passes) return [voted];
  const found = [voted, ...CLAUSES.map((clause) => clause(question, candidate))];
  return found.filter((exclusion) => exclusion !== undefined);
}

const PENALTIES: Readonly<Partial<Record<Grade, Exclusion>>> = {
  out: passing("out", `missed ${MOST_MISSED} leases in a row, and is out for a day`),
  quarantined: passing("quarantine", "is in quarantine"),
};
const ON_PROBATION = passing("probation", "has as many leases as its probation allows");

type ClauseCheck = (question: Question, candidate: Candidate) => Exclusion | undefined;

/** A worker whose lease was lost may try again after a while: its journal answers with the vote it had. */
const votedFault: ClauseCheck = ({ task, demand }, { worker }) => {
  const barring = task.votes.find((vote) => vote.worker === worker && bars(vote, demand.now));
  if (!barring) return undefined;
  return isPassing(barring)
    ? passing("retry", "has to wait before it tries this task again")
    : lasting("voted", "already votes on this task");
};

const CLAUSES: readonly ClauseCheck[] = [
  ({ taken }, { machine }) =>
    taken.machines.has(machine) ? lasting("machine", "its machine already votes on this task") : undefined,
  ({ taken }, candidate) =>
    hasAccountIn(candidate, taken.accounts) ? lasting("owner", "its owner already votes on this task") : undefined,
  (_question, { accepting }) => (accepting ? undefined : passing("accepting", "takes no leases now")),
  (_question, { grade }) => PENALTIES[grade],
  ({ hasTrusted }, { grade, busy, confirmed }) =>
    hasTrusted && grade === "probation" && busy.length >= leasesOnProbation(confirmed) ? ON_PROBATION : undefined,
  (_question, { busy, slots }) => (busy.length < slots ? undefined : passing("slots", "all slots taken")),
  ({ task }, { freeCover, cover }) => {
    const stake = BigInt(task.terms.stake);
    if (freeCover >= stake) return undefined;
    const figure = { of: FREE_BOND, wanted: `${stake}`, offered: `${freeCover}` };
    return { ...lasting("bond", "bond too small", [figure]), passes: cover >= stake };
  },
  ({ demand }, { platform }) => {
    const figure = { of: "platform", wanted: demand.platform, offered: platform };
    return platform === demand.platform ? undefined : lasting("platform", "other platform", [figure]);
  },
  (_question, { capabilities, speed }) => {
    const { benchmark: stated } = unpackResources(capabilities);
    if (stated > MOST_PLAUSIBLE_SCORE) return lasting("speed", "states a speed that no machine has");
    const figure = { of: "benchmark", wanted: `${SLOWEST_SCORE}`, offered: `${speed}` };
    return speed < SLOWEST_SCORE ? lasting("speed", tooSlow(stated, speed), [figure]) : undefined;
  },
  ({ task }, candidate) =>
    isTooSmall(task, candidate) ? lasting("spare", "no larger than the machine that failed at this task") : undefined,
  (question, candidate) => {
    const figures = lacking(question, candidate);
    return figures.length > 0 ? lasting("resources", `lacks ${namesOf(figures)}`, figures) : undefined;
  },
  (question, candidate) => {
    const short = overbooked(question.task.terms.limits, candidate);
    if (short.length === 0) return undefined;
    const never = lacking(question, candidate).map(({ of }) => of);
    const figures = short.filter(({ of }) => !never.includes(of));
    return figures.length > 0 ? passing("room", `lacks free ${namesOf(figures)}`, figures) : undefined;
  },
];

function tooSlow(stated: number, speed: number): string {
  if (stated === 0) return "states no speed: its benchmark has not run";
  return speed < stated ? "too slow to keep the deadline, by what its tasks show" : "too slow to keep the deadline";
}

/** Whether a task waits for a machine with no less to spare than those that failed at it, and this one has less. */
function isTooSmall(task: TaskRecord, { capabilities }: Candidate): boolean {
  if (!needsSecondMachine(task)) return false;
  const { benchmark, memoryMiB } = unpackResources(capabilities);
  return answeredVotes(task).some(({ spare }) => !isAsFast(benchmark, spare.benchmark) || memoryMiB < spare.memoryMiB);
}

/** What the deal requires, or a container gets anyhow, and the whole machine does not have. */
function lacking({ task, demand }: Question, candidate: Candidate): readonly PlacementFigure[] {
  const { capabilities } = candidate;
  const required = shortfalls(capabilities, demand.requirements).map((lane) =>
    shortfall(lane, capabilities, demand.requirements),
  );
  const names = required.map(({ of }) => of);
  const alone = overbooked(task.terms.limits, { ...candidate, busy: [] });
  return [...required, ...alone.filter(({ of }) => !names.includes(of))];
}

/** A flag is worth 1 where it is there. */
function shortfall(lane: string, offered: Hash, wanted: Hash): PlacementFigure {
  const known = RESOURCE_LANES.find((name) => name === lane);
  if (!known) return { of: lane, wanted: "1", offered: "0" };
  return { of: lane, wanted: `${unpackResources(wanted)[known]}`, offered: `${unpackResources(offered)[known]}` };
}

/** The resources that the leases already held leave too little of. */
function overbooked(limits: Limits, { capabilities, busy }: Candidate): readonly PlacementFigure[] {
  const total = unpackResources(capabilities);
  return (["cpuMillicores", "memoryMiB", "diskMiB"] as const).flatMap((lane) => {
    const free = busy.reduce((left, lease) => left - lease[lane], total[lane]);
    return free < limits[lane] ? [{ of: lane, wanted: `${limits[lane]}`, offered: `${Math.max(0, free)}` }] : [];
  });
}

function namesOf(figures: readonly PlacementFigure[]): string {
  return figures.map(({ of }) => of).join(", ");
}

function lasting(clause: PlacementClause, reason: string, figures: readonly PlacementFigure[] = []): Exclusion {
  return { clause, reason, passes: false, figures };
}

function passing(clause: PlacementClause, reason: string, figures: readonly PlacementFigure[] = []): Exclusion {
  return { clause, reason, passes: true, figures };
}
