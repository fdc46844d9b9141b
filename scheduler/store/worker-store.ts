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
  /** What it draws while it computes with all that it offers, if its owner says. */
  readonly watts?: number;
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
  /** Some of the workers that were last heard of before `time` (milliseconds). */
  heardBefore(time: number): Promise<readonly Address[]>;
  /** Everything about a worker is gone, its tally too, unless it was heard of again since `time`. */
  forget(worker: Address, time: number): Promise<void>;
}

/** KEYS: heard, workers, seen, resting, tally; ARGV: worker, time */
const FORGET = `
local heard = redis.call("ZSCORE", KEYS[1], ARGV[1])
if not heard or tonumber(heard) >= tonumber(ARGV[2]) then return 0 end
redis.call("ZREM", KEYS[1], ARGV[1])
redis.call("HDEL", KEYS[2], ARGV[1])
redis.call("ZREM", KEYS[3], ARGV[1])
redis.call("SREM", KEYS[4], ARGV[1])
redis.call("DEL", KEYS[5])
return 1
`;

export function createWorkerStore(redis: Redis, keys: Keys): WorkerStore {
  const records = keys("workers");
  const seenKey = keys("workers-seen");
  const restingKey = keys("workers-resting");
  /** Beside `seen`, which a worker leaves when it disconnects. */
  const heardKey = keys("workers-heard");
  const tallyKey = (worker: Address): string => keys("tally", worker);

  async function put(record: WorkerRecord): Promise<void> {
    await redis.hset(records, record.worker, JSON.stringify(record));
  }

  async function seen(worker: Address, now: number, accepting: boolean): Promise<void> {
    const noted = redis.multi().zadd(seenKey, String(now), worker).zadd(heardKey, String(now), worker);
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
    // A verdict may come after the worker was forgotten: then it is forgotten once more.
    await redis.multi().hincrby(tallyKey(worker), how, 1).zadd(heardKey, "NX", Date.now(), worker).exec();
  }

  async function tally(worker: Address): Promise<WorkerTally> {
    const fields = await redis.hgetall(tallyKey(worker));
    return { good: Number(fields["good"] ?? 0), bad: Number(fields["bad"] ?? 0) };
  }

  async function heardBefore(time: number): Promise<readonly Address[]> {
    return (await redis.zrangebyscore(heardKey, "-inf", `(${time}`, "LIMIT", 0, 100)) as Address[];
  }

  async function forget(worker: Address, time: number): Promise<void> {
    await redis.eval(FORGET, 5, heardKey, records, seenKey, restingKey, tallyKey(worker), worker, String(time));
  }

  return { put, seen, gone, alive, get, count, tally, heardBefore, forget };
}
