import type { Redis } from "ioredis";

import type { Address } from "../../protocol/primitives.ts";
import type { Keys } from "./redis.ts";

/** Who has uploaded what, how much of it is charged to whom, and until when (milliseconds) it is kept. */
export interface BlobLedger {
  bytesUsed(owner: Address): Promise<number>;
  /** Charges a blob to its first uploader and keeps it at least until `keepUntil`. */
  add(sha256: string, owner: Address, bytes: number, keepUntil: number): Promise<void>;
  /** Keeps a blob longer, never shorter. */
  keep(sha256: string, keepUntil: number): Promise<void>;
  /** Marks a blob as a task's result, which only its requester and beneficiary may fetch. */
  markResult(sha256: string): Promise<void>;
  isResult(sha256: string): Promise<boolean>;
  /** Some of the blobs that nothing keeps any more. */
  stale(now: number): Promise<string[]>;
  forget(sha256: string): Promise<void>;
}

export function createBlobLedger(redis: Redis, keys: Keys): BlobLedger {
  const keepKey = keys("blobs-keep");
  const ownersKey = keys("blobs-owners");
  const resultsKey = keys("blobs-results");
  const usedKey = keys("blobs-used");

  async function bytesUsed(owner: Address): Promise<number> {
    return Number((await redis.hget(usedKey, owner)) ?? 0);
  }

  async function add(sha256: string, owner: Address, bytes: number, keepUntil: number): Promise<void> {
    const isNew = await redis.hsetnx(ownersKey, sha256, `${owner} ${bytes}`);
    if (isNew === 1) await redis.hincrby(usedKey, owner, bytes);
    await keep(sha256, keepUntil);
  }

  async function keep(sha256: string, keepUntil: number): Promise<void> {
    await redis.zadd(keepKey, "GT", keepUntil, sha256);
  }

  async function markResult(sha256: string): Promise<void> {
    await redis.sadd(resultsKey, sha256);
  }

  async function isResult(sha256: string): Promise<boolean> {
    return (await redis.sismember(resultsKey, sha256)) === 1;
  }

  function stale(now: number): Promise<string[]> {
    return redis.zrangebyscore(keepKey, "-inf", now, "LIMIT", 0, 100);
  }

  async function forget(sha256: string): Promise<void> {
    const owned = await redis.hget(ownersKey, sha256);
    const [owner, bytes] = owned?.split(" ") ?? [];
    if (owner && bytes) await redis.hincrby(usedKey, owner, -Number(bytes));
    await redis.multi().hdel(ownersKey, sha256).srem(resultsKey, sha256).zrem(keepKey, sha256).exec();
  }

  return { bytesUsed, add, keep, markResult, isResult, stale, forget };
}
