import type { Redis } from "ioredis";

import type { Address } from "../../protocol/primitives.ts";
import type { Keys } from "./redis.ts";
import { script } from "./script.ts";

/** Who has uploaded what, how much of it is charged to whom, and until when (milliseconds) it is kept. */
export interface BlobLedger {
  bytesUsed(owner: Address): Promise<number>;
  /**
   * Before an upload: charges the blob to whoever is first to upload it and keeps it at least until `keepUntil`, all in one
   * step, so that uploads side by side cannot share what is left. `full` when the owner's charges would exceed `most`.
   */
  claim(claim: BlobClaim): Promise<"claimed" | "known" | "full">;
  /** Keeps a blob longer, never shorter. */
  keep(sha256: string, keepUntil: number): Promise<void>;
  /** Marks a blob as a task's result, which only its requester and beneficiary may fetch. */
  markResult(sha256: string): Promise<void>;
  isResult(sha256: string): Promise<boolean>;
  /** Some of the blobs that nothing keeps any more. */
  stale(now: number): Promise<string[]>;
  forget(sha256: string): Promise<void>;
}

type BlobClaim = {
  readonly sha256: string;
  readonly owner: Address;
  readonly bytes: number;
  readonly keepUntil: number;
  readonly most: number;
};

/** KEYS: owners, used, keep; ARGV: sha256, owner, bytes, most, keep until */
const CLAIM = script(`
local known = redis.call("HEXISTS", KEYS[1], ARGV[1]) == 1
local used = tonumber(redis.call("HGET", KEYS[2], ARGV[2]) or "0")
if not known and used + tonumber(ARGV[3]) > tonumber(ARGV[4]) then return "full" end
redis.call("ZADD", KEYS[3], "GT", ARGV[5], ARGV[1])
if known then return "known" end
redis.call("HSET", KEYS[1], ARGV[1], ARGV[2] .. " " .. ARGV[3])
redis.call("HINCRBY", KEYS[2], ARGV[2], ARGV[3])
return "claimed"
`);

/** KEYS: owners, used, keep, results; ARGV: sha256 */
const FORGET = script(`
local owner, bytes = string.match(redis.call("HGET", KEYS[1], ARGV[1]) or "", "^(%S+) (%d+)$")
if owner and redis.call("HINCRBY", KEYS[2], owner, -tonumber(bytes)) <= 0 then redis.call("HDEL", KEYS[2], owner) end
redis.call("HDEL", KEYS[1], ARGV[1])
redis.call("ZREM", KEYS[3], ARGV[1])
redis.call("SREM", KEYS[4], ARGV[1])
return 1
`);

export function createBlobLedger(redis: Redis, keys: Keys): BlobLedger {
  const keepKey = keys("blobs-keep");
  const ownersKey = keys("blobs-owners");
  const resultsKey = keys("blobs-results");
  const usedKey = keys("blobs-used");

  async function bytesUsed(owner: Address): Promise<number> {
    return Number((await redis.hget(usedKey, owner)) ?? 0);
  }

  async function claim({ sha256, owner, bytes, most, keepUntil }: BlobClaim): Promise<"claimed" | "known" | "full"> {
    const given = [sha256, owner, String(bytes), String(most), String(keepUntil)];
    return (await CLAIM(redis, [ownersKey, usedKey, keepKey], given)) as "claimed" | "known" | "full";
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
    await FORGET(redis, [ownersKey, usedKey, keepKey, resultsKey], [sha256]);
  }

  return { bytesUsed, claim, keep, markResult, isResult, stale, forget };
}
