import type { Redis } from "ioredis";

import type { Address, Hash } from "../../protocol/primitives.ts";
import type { Keys } from "./redis.ts";

/** What a worker said of itself when it connected and since. */
export type WorkerRecord = {
  readonly worker: Address;
  readonly machine: Hash;
  readonly agent: string;
  readonly capabilities: Hash;
  readonly platform: string;
  readonly slots: number;
};

/** How its leases ended; a worker nobody knows counts as reliable. */
type WorkerTally = { readonly good: number; readonly bad: number };

/** Workers in Redis: what they are, when they were last heard of, how their leases ended. */
export interface WorkerStore {
  put(record: WorkerRecord): Promise<void>;
  /** Notes a sign of life at `now` (milliseconds), and whether the worker takes leases. */
  seen(worker: Address, now: number, accepting: boolean): Promise<void>;
  /** Nobody listens on this worker's connection any more. */
  gone(worker: Address): Promise<void>;
  /** Workers heard of since `since` (milliseconds), and whether each takes leases. */
  alive(since: number): Promise<readonly (WorkerRecord & { readonly accepting: boolean })[]>;
  get(worker: Address): Promise<WorkerRecord | undefined>;
  count(worker: Address, how: keyof WorkerTally): Promise<void>;
  tally(worker: Address): Promise<WorkerTally>;
}

export function createWorkerStore(redis: Redis, keys: Keys): WorkerStore {
  const records = keys("workers");
  const seenKey = keys("workers-seen");
  const restingKey = keys("workers-resting");

  async function put(record: WorkerRecord): Promise<void> {
    await redis.hset(records, record.worker, JSON.stringify(record));
  }

  async function seen(worker: Address, now: number, accepting: boolean): Promise<void> {
    const noted = redis.multi().zadd(seenKey, String(now), worker);
    await (accepting ? noted.srem(restingKey, worker) : noted.sadd(restingKey, worker)).exec();
  }

  async function gone(worker: Address): Promise<void> {
    await redis.zrem(seenKey, worker);
  }

  async function alive(since: number): Promise<readonly (WorkerRecord & { readonly accepting: boolean })[]> {
    const [names, resting] = await Promise.all([
      redis.zrangebyscore(seenKey, since, "+inf"),
      redis.smembers(restingKey),
    ]);
    if (names.length === 0) return [];
    const texts = await redis.hmget(records, ...names);
    return texts.flatMap((text) => {
      if (text === null) return [];
      const record = JSON.parse(text) as WorkerRecord;
      return [{ ...record, accepting: !resting.includes(record.worker) }];
    });
  }

  async function get(worker: Address): Promise<WorkerRecord | undefined> {
    const text = await redis.hget(records, worker);
    return text === null ? undefined : (JSON.parse(text) as WorkerRecord);
  }

  async function count(worker: Address, how: keyof WorkerTally): Promise<void> {
    await redis.hincrby(keys("tally", worker), how, 1);
  }

  async function tally(worker: Address): Promise<WorkerTally> {
    const fields = await redis.hgetall(keys("tally", worker));
    return { good: Number(fields["good"] ?? 0), bad: Number(fields["bad"] ?? 0) };
  }

  return { put, seen, gone, alive, get, count, tally };
}
