import type { Redis } from "ioredis";

import type { Limits } from "../../../protocol/lease.ts";
import type { Address, Hash } from "../../../protocol/primitives.ts";
import { remembering } from "../../../protocol/remembering.ts";
import type { TaskRecord, TaskState } from "../../domain/tasks/task-state.ts";
import { HELD_STATES } from "../../domain/votes/vote-state.ts";
import type { VoteState } from "../../domain/votes/vote-state.ts";
import type { Keys } from "../redis.ts";
import { createTaskDocuments } from "./task-documents.ts";
import type { TaskDocuments, TaskWatch } from "./task-documents.ts";

/** What a worker has on its hands. */
export type WorkerLoad = {
  /** The leases that take up a slot. */
  readonly working: readonly { readonly leaseId: string; readonly limits: Limits }[];
  /** Its votes that are not over, and what they have at risk, in wei. */
  readonly atRisk: { readonly votes: number; readonly stake: bigint };
};

/** Tasks, and the questions that their indexes answer. */
export interface TaskStore extends TaskDocuments {
  /** Up to `count` tasks of a lane in a state, at random, so that none is passed over for ever. */
  someIn(lane: number, state: TaskState, count: number): Promise<Hash[]>;
  listIn(lane: number, state: TaskState): Promise<readonly TaskRecord[]>;
  countIn(lane: number, state: TaskState): Promise<number>;
  /** Whether a task of the deal is known to be live. */
  hasLive(dealId: Hash): Promise<boolean>;
  taskOfLease(leaseId: string): Promise<Hash | undefined>;
  /** Extends leases that are still out, to `expiresAt` (milliseconds); those that ended meanwhile stay ended. */
  extendLeases(leaseIds: readonly string[], expiresAt: number): Promise<void>;
  /** Leases that nobody kept alive until `now` (milliseconds). */
  expiredLeases(now: number): Promise<string[]>;
  /** Live tasks whose deadline lies before `now` (Unix seconds). */
  pastDeadline(now: number): Promise<Hash[]>;
  /** The first `count` live tasks by deadline. */
  firstDue(count: number): Promise<Hash[]>;
  /** The earliest deadline of a live task (Unix seconds); undefined when there is none. */
  firstDeadline(): Promise<number | undefined>;
  /** How many votes of live tasks stand in each state that puts a stake at risk. */
  countVotes(): Promise<readonly { readonly state: VoteState; readonly count: number }[]>;
  /** What a worker has on its hands in this pool. */
  loadOf(worker: Address): Promise<WorkerLoad>;
  /** The leases of a worker whose votes put its stake at risk. */
  heldBy(worker: Address): Promise<string[]>;
  /** The leases of a worker that take up a slot. */
  slotsOf(worker: Address): Promise<string[]>;
}

/**
 * @param onChange hears of every change that this process made, after it is stored
 * @param now the pool's clock, in Unix milliseconds
 */
export function createTaskStore(
  redis: Redis,
  keys: Keys,
  onChange: TaskWatch = () => {},
  now: () => number = Date.now,
): TaskStore {
  const documents = createTaskDocuments(redis, keys, onChange, now);
  const indexOf = (lane: number, state: TaskState): string => keys("tasks", lane, state);

  return {
    ...documents,
    someIn: (lane, state, count) => redis.srandmember(indexOf(lane, state), count) as Promise<Hash[]>,
    listIn: async (lane, state) => documents.getAll((await redis.smembers(indexOf(lane, state))) as Hash[]),
    countIn: (lane, state) => redis.scard(indexOf(lane, state)),
    hasLive: async (dealId) => (await redis.exists(keys("live", dealId))) === 1,
    taskOfLease: async (leaseId) => ((await redis.hget(keys("lease-tasks"), leaseId)) ?? undefined) as Hash | undefined,
    extendLeases: async (leaseIds, expiresAt) => {
      const entries = leaseIds.flatMap((leaseId) => [String(expiresAt), leaseId]);
      if (entries.length > 0) await redis.zadd(keys("leases"), "XX", ...entries);
    },
    expiredLeases: (now) => redis.zrangebyscore(keys("leases"), "-inf", now),
    pastDeadline: (now) => redis.zrangebyscore(keys("deadlines"), "-inf", `(${now}`) as Promise<Hash[]>,
    firstDue: (count) => redis.zrange(keys("deadlines"), "0", String(count - 1)) as Promise<Hash[]>,
    firstDeadline: async () => {
      const [, deadline] = await redis.zrange(keys("deadlines"), "0", "0", "WITHSCORES");
      return deadline === undefined ? undefined : Number(deadline);
    },
    countVotes: () =>
      Promise.all(HELD_STATES.map(async (state) => ({ state, count: await redis.scard(keys("votes", state)) }))),
    loadOf: async (worker) => {
      const [slots, stakes] = await Promise.all([
        redis.hgetall(keys("slots", worker)),
        redis.hgetall(keys("risk", worker)),
      ]);
      const working = Object.entries(slots).map(([leaseId, text]) => ({ leaseId, limits: limitsIn(text) }));
      return { working, atRisk: riskIn(stakes) };
    },
    heldBy: (worker) => redis.smembers(keys("held", worker)),
    slotsOf: (worker) => redis.hkeys(keys("slots", worker)),
  };
}

/** The leases of a deal all have the same. */
const limitsIn = remembering((text) => JSON.parse(text) as Limits);

/** @param stakes how many votes at each stake */
function riskIn(stakes: Readonly<Record<string, string>>): WorkerLoad["atRisk"] {
  const entries = Object.entries(stakes).map(([stake, votes]) => ({ stake: BigInt(stake), votes: Number(votes) }));
  return {
    votes: entries.reduce((sum, { votes }) => sum + votes, 0),
    stake: entries.reduce((sum, { stake, votes }) => sum + stake * BigInt(votes), 0n),
  };
}
