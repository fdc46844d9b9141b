import type { Redis } from "ioredis";

import type { Address, Hash } from "../../../protocol/primitives.ts";
import type { Caught } from "../../domain/votes/doubted-votes.ts";
import type { Conduct, Ending } from "../../domain/workers/conduct.ts";
import { createConducts } from "./conducts.ts";
import type { ConductChange } from "./conducts.ts";
import type { Keys } from "../redis.ts";
import { script } from "../script.ts";

/** What a worker said of itself when it connected and since. */
export type WorkerRecord = {
  readonly worker: Address;
  readonly machine: Hash;
  /** Whose it is, where that is proven. */
  readonly owner?: Address;
  readonly agent: string;
  readonly capabilities: Hash;
  readonly platform: string;
  readonly slots: number;
  /** What it draws while it computes with all that it offers, if its owner says. */
  readonly watts?: number;
};

/** A worker that is connected, whether it takes leases, and what the pool has seen of it. */
export type ConnectedWorker = WorkerRecord & { readonly accepting: boolean; readonly conduct: Conduct };

/** Workers in Redis: what they are, when they were last heard of, how their leases ended. */
export interface WorkerStore {
  put(record: WorkerRecord): Promise<void>;
  /** Notes a sign of life at `now` (milliseconds), and whether the worker takes leases. */
  seen(worker: Address, now: number, accepting: boolean): Promise<void>;
  /** Nobody listens on this worker's connection any more. */
  gone(worker: Address): Promise<void>;
  /** Workers heard of since `since` (milliseconds), and whether each takes leases. */
  alive(since: number): Promise<readonly ConnectedWorker[]>;
  get(worker: Address): Promise<WorkerRecord | undefined>;
  /** Counts how one of its leases ended, at `now` (milliseconds), and how fast it was beside others, if that can be told. */
  note(worker: Address, ending: Ending, now: number, pace?: number): Promise<ConductChange>;
  /** Workers that were caught with a vote, and whose other votes are still to be looked at. */
  caught(): Promise<readonly Caught[]>;
  /** They have been, unless the worker was caught again since. */
  uncaught(caught: Caught): Promise<void>;
  /** What is known of its conduct, as of the last lease that ended. */
  conduct(worker: Address): Promise<Conduct>;
  /** Some of the workers that were last heard of before `time` (milliseconds). */
  heardBefore(time: number): Promise<readonly Address[]>;
  /** Everything about a worker is gone, its conduct too, unless it was heard of again since `time`. */
  forget(worker: Address, time: number): Promise<void>;
}

/** KEYS: heard, workers, seen, resting, conducts; ARGV: worker, time */
const FORGET = script(`
local heard = redis.call("ZSCORE", KEYS[1], ARGV[1])
if not heard or tonumber(heard) >= tonumber(ARGV[2]) then return 0 end
redis.call("ZREM", KEYS[1], ARGV[1])
redis.call("HDEL", KEYS[2], ARGV[1])
redis.call("ZREM", KEYS[3], ARGV[1])
redis.call("SREM", KEYS[4], ARGV[1])
redis.call("HDEL", KEYS[5], ARGV[1])
return 1
`);

export function createWorkerStore(redis: Redis, keys: Keys): WorkerStore {
  const records = keys("workers");
  const seenKey = keys("workers-seen");
  const restingKey = keys("workers-resting");
  /** Beside `seen`, which a worker leaves when it disconnects. */
  const heardKey = keys("workers-heard");
  const conductsKey = keys("conducts");
  const conducts = createConducts(redis, { conducts: conductsKey, heard: heardKey, caught: keys("caught") });
  const { note, caught, uncaught } = conducts;

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

  async function alive(since: number): Promise<readonly ConnectedWorker[]> {
    const [names, resting] = await Promise.all([
      redis.zrangebyscore(seenKey, since, "+inf"),
      redis.smembers(restingKey),
    ]);
    if (names.length === 0) return [];
    const [texts, known] = await Promise.all([redis.hmget(records, ...names), conducts.of(names)]);
    return texts.flatMap((text, place) => {
      if (text === null) return [];
      const record = JSON.parse(text) as WorkerRecord;
      const conduct = known[place]!;
      return [{ ...record, accepting: !resting.includes(record.worker), conduct }];
    });
  }

  async function get(worker: Address): Promise<WorkerRecord | undefined> {
    const text = await redis.hget(records, worker);
    return text === null ? undefined : (JSON.parse(text) as WorkerRecord);
  }

  async function conduct(worker: Address): Promise<Conduct> {
    return (await conducts.of([worker]))[0]!;
  }

  async function heardBefore(time: number): Promise<readonly Address[]> {
    return (await redis.zrangebyscore(heardKey, "-inf", `(${time}`, "LIMIT", 0, 100)) as Address[];
  }

  async function forget(worker: Address, time: number): Promise<void> {
    await FORGET(redis, [heardKey, records, seenKey, restingKey, conductsKey], [worker, time]);
  }

  return { put, seen, gone, alive, get, note, caught, uncaught, conduct, heardBefore, forget };
}
