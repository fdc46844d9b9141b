import { inBatches } from "../../../protocol/in-batches.ts";
import type { Limits } from "../../../protocol/lease.ts";
import type { Address } from "../../../protocol/primitives.ts";
import { conductAt } from "../../domain/workers/conduct.ts";
import { speedOf } from "../../domain/workers/pace.ts";
import type { Candidate } from "../../domain/placement/placement.ts";
import { faded, reliabilityOf } from "../../domain/workers/reputation.ts";
import type { PoolChain, PoolClock } from "../../ports.ts";
import type { TaskStore } from "../../store/tasks/task-store.ts";
import type { ConnectedWorker, WorkerStore } from "../../store/workers/worker-store.ts";

/** A worker as placement sees it, but for its weight, which each deal bounds in its own way. */
export type Member = Omit<Candidate, "weight"> & {
  /** On chain. */
  readonly score: number;
};

/** What a lease takes up of a worker: its resources, and a stake in wei. */
type Load = { readonly limits: Limits; readonly stake: bigint };

/**
 * The connected workers with their leases. Reading them costs several calls a worker, so all tasks that are placed within a
 * moment share one reading; the atomic lease is what nobody gets around with an old one.
 */
export interface Crowd {
  /** As they stood a moment ago, with the leases that this process has booked since. */
  recent(): Promise<readonly Member[]>;
  /** As they stand now. */
  fresh(): Promise<readonly Member[]>;
  /** Counts a lease that is about to be given to a worker. */
  book(worker: Address, load: Load): void;
}

type CrowdDeps = {
  readonly workers: Pick<WorkerStore, "alive">;
  readonly tasks: Pick<TaskStore, "loadOf">;
  readonly chain: Pick<PoolChain, "standing">;
  readonly clock: PoolClock;
};

/** A worker not heard of for this long is no candidate, in milliseconds. */
const ALIVE_MS = 12_000;
/** How long a reading serves, in milliseconds. */
const RECENT_MS = 100;

/** @param recentMs how long a reading serves, in milliseconds */
export function createCrowd(deps: CrowdDeps, recentMs = RECENT_MS): Crowd {
  let members = new Map<Address, Member>();
  let readAt = -Infinity;

  async function read(): Promise<void> {
    const alive = await deps.workers.alive(deps.clock.now() - ALIVE_MS);
    const found = await Promise.all(alive.map((worker) => memberOf(deps, worker)));
    members = new Map(found.map((member) => [member.worker, member]));
    readAt = performance.now();
  }

  const afterNow = inBatches(async (asked: readonly undefined[]) => {
    await read();
    return asked;
  });
  async function fresh(): Promise<readonly Member[]> {
    await afterNow(undefined);
    return [...members.values()];
  }

  return {
    fresh,
    recent: async () => (performance.now() - readAt < recentMs ? [...members.values()] : fresh()),
    book: (worker, { limits, stake }) => {
      const member = members.get(worker);
      if (!member) return;
      const { busy, freeCover } = member;
      members.set(worker, { ...member, busy: [...busy, limits], freeCover: freeCover - stake });
    },
  };
}

/** A worker with its leases and its standing. */
export async function memberOf(
  { tasks, chain, clock }: Pick<CrowdDeps, "tasks" | "chain" | "clock">,
  { conduct, ...worker }: ConnectedWorker,
): Promise<Member> {
  const [standing, { working, atRisk }] = await Promise.all([
    chain.standing(worker.worker),
    tasks.loadOf(worker.worker),
  ]);
  const { grade, confirmed, reputation, pace } = conductAt(conduct, clock.now());
  return {
    ...worker,
    busy: working.map(({ limits }) => limits),
    score: standing.score,
    cover: standing.cover,
    freeCover: standing.cover - atRisk.stake,
    grade,
    confirmed,
    speed: speedOf(worker.capabilities, pace).shown,
    reliability: reliabilityOf(faded(reputation, clock.now())),
  };
}
