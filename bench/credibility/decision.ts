import { id } from "ethers";

import { tagOf } from "../../protocol/ballot.ts";
import { NO_RESOURCES, packResources } from "../../protocol/capabilities.ts";
import { ZERO_ADDRESS } from "../../protocol/primitives.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import { place } from "../../scheduler/domain/placement/placement.ts";
import type { Candidate } from "../../scheduler/domain/placement/placement.ts";
import { withSpotCheck } from "../../scheduler/domain/placement/spot-checks.ts";
import { newTask } from "../../scheduler/domain/tasks/task-state.ts";
import type { TaskRecord } from "../../scheduler/domain/tasks/task-state.ts";
import type { TaskTerms } from "../../scheduler/domain/tasks/task-terms.ts";
import type { Grade } from "../../scheduler/domain/workers/conduct.ts";
import type { Vote } from "../../scheduler/domain/votes/vote-state.ts";
import { agreedTag, isDecidedAlone, leasesWanted, watched } from "../../scheduler/domain/votes/votes-needed.ts";

/** A vote as decisions see it. */
type Said = { readonly says: number; readonly weight: bigint };

/** A task as far as decisions go; `isWatched`: it waits for a second answer. */
export type Question = { readonly trust: number; readonly isWatched: boolean; readonly votes: readonly Said[] };

/** How many of the workers that are free get a lease now, and whether the first of them would decide alone. */
type Leases = { readonly wanted: number; readonly isDecidedAlone: boolean };

/** More different answers than a task may have votes. */
const TAGS_READY = 33;
const TASK = newTask(
  id("a deal") as Hash,
  0,
  {
    ...{
      requester: ZERO_ADDRESS,
      turn: 0,
      lane: 0,
      trust: 2,
      maxWeight: 127,
      deadline: 3_000,
      sealAfter: 0,
      stake: "1",
      hasCallback: false,
    },
    limits: { cpuMillicores: 1_000, memoryMiB: 512, diskMiB: 256, fileMiB: 256, pids: 256, logBytes: 1, seconds: 300 },
  } satisfies TaskTerms,
  0,
);
const TAGS = Array.from({ length: TAGS_READY }, (_unused, i) => tagOf(TASK.taskId, id(`answer ${i}`) as Hash));

const TERMS = TASK.terms;
const DEMAND = { requirements: packResources(NO_RESOURCES), platform: "linux/amd64", sameMachineVotes: false, now: 0 };
const ROOMY = { ...NO_RESOURCES, cpuMillicores: 8_000, memoryMiB: 16_384, diskMiB: 65_536, benchmark: 1_000 };
/** What all workers have in common. */
const MACHINE = {
  ...{ capabilities: packResources(ROOMY), platform: DEMAND.platform },
  ...{ slots: 1, accepting: true, busy: [] },
};

const known = {
  agreed: new Map<string, number>(),
  leases: new Map<string, Leases>(),
  fits: new Map<string, boolean>(),
};

/** The answer on which enough agree, by the pool's own function; undefined while there is none. */
export function agreedAnswer(question: Question): number | undefined {
  const groups = groupsOf(question);
  const place = remembered(known.agreed, keyOf(question, groups), () => {
    const tag = agreedTag(recordOf(question, groups));
    return tag === undefined ? -1 : TAGS.indexOf(tag);
  });
  return groups[place]?.says;
}

/**
 * What the pool's own functions want of the workers that are free.
 * @param free their weights, best first
 */
export function leasesFor(question: Question, free: readonly bigint[]): Leases {
  const groups = groupsOf(question);
  return remembered(known.leases, `${keyOf(question, groups)} ${free.join()}`, () => {
    const record = recordOf(question, groups);
    return { wanted: leasesWanted(record, free), isDecidedAlone: isDecidedAlone(record, free) };
  });
}

/**
 * Those of some free workers, none of which votes on the task yet, that the pool's placement gives a lease, best first.
 * One alone is not ranked, and all machines are alike: whether it gets one depends on its bond.
 */
export function placed(candidates: readonly Candidate[]): readonly Candidate[] {
  const [only, ...others] = candidates;
  if (!only || others.length > 0) return place(TASK, DEMAND, candidates).ranked;
  const fits = remembered(
    known.fits,
    `${only.freeCover} ${only.grade}`,
    () => place(TASK, DEMAND, [only]).ranked.length === 1,
  );
  return fits ? candidates : [];
}

/** The functions are pure, and hash too much to be asked the same thing a million times. */
function remembered<V>(memory: Map<string, V>, key: string, ask: () => V): V {
  const before = memory.get(key);
  if (before !== undefined) return before;
  const now = ask();
  memory.set(key, now);
  return now;
}

type Group = { readonly says: number; readonly weights: readonly bigint[]; readonly name: string };

/** Votes by answer, in an order that does not depend on who was first: it makes no difference to consensus. */
function groupsOf({ votes }: Question): readonly Group[] {
  const groups = new Map<number, bigint[]>();
  for (const { says, weight } of votes) groups.set(says, [...(groups.get(says) ?? []), weight]);
  return [...groups]
    .map(([says, weights]) => ({ says, weights, name: weights.sort((a, b) => Number(b - a)).join() }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function keyOf({ trust, isWatched }: Question, groups: readonly Group[]): string {
  return `${trust} ${isWatched} ${groups.map(({ name }) => name).join(";")}`;
}

function recordOf({ trust, isWatched }: Question, groups: readonly Group[]): TaskRecord {
  const votes = groups.flatMap(({ weights }, group) =>
    weights.map((weight) => ({ weight: `${weight}`, tag: TAGS[group]! })),
  );
  const task: TaskRecord = {
    ...TASK,
    state: "planned",
    terms: { ...TERMS, trust },
    votes: votes.map((vote, i) => aVote(i, vote)),
  };
  return isWatched ? watched(task) : task;
}

/** A vote that has been computed. */
function aVote(worker: number, changes: Pick<Vote, "weight" | "tag">): Vote {
  return {
    ...{ leaseId: `${worker}`, worker: addressOf(worker), machine: hexOf(worker, 32), state: "computed" },
    ...{ at: 0, since: 0, spare: { benchmark: 1_000, memoryMiB: 1_024 } },
    ...changes,
  };
}

type Its = {
  readonly weight: bigint;
  readonly stakes: number;
  readonly reliability: number;
  readonly grade: Grade;
};

/**
 * Whether one of these would be asked to check a task that these workers have answered alike, by the pool's own function.
 * @param weight of their votes: high enough to have decided
 */
export function isWorthACheck(voters: readonly number[], members: readonly Candidate[]): boolean {
  const votes = voters.map((worker) => aVote(worker, { weight: "1000000", tag: TAGS[0]! }));
  const task: TaskRecord = { ...TASK, state: "running", terms: { ...TERMS, deadline: 1e9 }, votes };
  return withSpotCheck(task, members, 0).spotCheck === true;
}

/** A worker as placement sees it; `stakes` are those that its bond still covers. */
export function aCandidate(worker: number, its: Its): Candidate {
  const { weight, stakes, reliability, grade } = its;
  const freeCover = BigInt(stakes) * BigInt(TERMS.stake);
  return {
    ...MACHINE,
    worker: addressOf(worker),
    machine: hexOf(worker, 32),
    weight,
    cover: freeCover,
    freeCover,
    grade,
    confirmed: 0,
    speed: ROOMY.benchmark,
    reliability,
  };
}

const hexOf = (worker: number, bytes: number): Hash => `0x${(worker + 1).toString(16).padStart(2 * bytes, "0")}`;
const addressOf = (worker: number): Address => hexOf(worker, 20);
export const workerOf = ({ worker }: Candidate): number => Number(worker) - 1;
