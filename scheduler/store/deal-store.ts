import type { Redis } from "ioredis";

import { dealDeadline, DealSchema } from "../../protocol/deal.ts";
import type { Deal } from "../../protocol/deal.ts";
import { toJson } from "../../protocol/json.ts";
import type { Hash } from "../../protocol/primitives.ts";
import type { Keys } from "./redis.ts";

/**
 * How far the pool is with a deal.
 *
 * - `seen`      found on chain, confirmed
 * - `entered`   params, image and inputs are here; its tasks are being worked on
 * - `declined`  given back: something could not be had
 * - `waiting`   something could not be had and the grace has passed: it is tried again until the deadline
 * - `closed`    every task is settled or refunded
 */
export type DealStage = "seen" | "entered" | "waiting" | "declined" | "closed";

export type DealRecord = {
  readonly dealId: Hash;
  readonly deal: Deal;
  readonly stage: DealStage;
  /** The exact text of the params, once fetched. */
  readonly params?: string;
  /** The app's image, pinned by digest, once known. */
  readonly image?: string;
  readonly note?: string;
};

type Stored = Omit<DealRecord, "deal"> & { readonly deal: unknown };

/** Deals in Redis; written by one job a deal at a time, so a plain hash is enough. Open ones are indexed by deadline. */
export interface DealStore {
  get(dealId: Hash): Promise<DealRecord | undefined>;
  put(record: DealRecord): Promise<void>;
  /** Open deals whose deadline (Unix seconds) lies before `before`. */
  pastDeadline(before: number): Promise<Hash[]>;
  /** Every deal that is not over. */
  openIds(): Promise<Hash[]>;
  /** The deals of these ids; tasks are entered after their deal, so each is there. */
  dealsOf(dealIds: readonly Hash[]): Promise<ReadonlyMap<Hash, Deal>>;
}

export function createDealStore(redis: Redis, keys: Keys): DealStore {
  const key = keys("deals");
  const openKey = keys("deals-open");

  function parse(text: string): DealRecord {
    const stored = JSON.parse(text) as Stored;
    return { ...stored, deal: DealSchema.parse(stored.deal) };
  }

  async function get(dealId: Hash): Promise<DealRecord | undefined> {
    const text = await redis.hget(key, dealId);
    return text === null ? undefined : parse(text);
  }

  async function put(record: DealRecord): Promise<void> {
    const over = record.stage === "declined" || record.stage === "closed";
    const write = redis.multi().hset(key, record.dealId, toJson(record));
    const index = over
      ? write.zrem(openKey, record.dealId)
      : write.zadd(openKey, String(dealDeadline(record.deal)), record.dealId);
    await index.exec();
  }

  function pastDeadline(before: number): Promise<Hash[]> {
    return redis.zrangebyscore(openKey, "-inf", `(${before}`) as Promise<Hash[]>;
  }

  function openIds(): Promise<Hash[]> {
    return redis.zrange(openKey, "0", "-1") as Promise<Hash[]>;
  }

  async function dealsOf(dealIds: readonly Hash[]): Promise<ReadonlyMap<Hash, Deal>> {
    const found = await Promise.all([...new Set(dealIds)].map(get));
    return new Map(found.flatMap((record) => (record ? [[record.dealId, record.deal]] : [])));
  }

  return { get, put, pastDeadline, openIds, dealsOf };
}
