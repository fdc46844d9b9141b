import { Redis } from "ioredis";

import { StoreUnreachableError } from "../errors.ts";

/**
 * A connection on which a command is not answered for so long is dead, in milliseconds: a router between may have forgotten it
 * without a word to either end. BullMQ's blocking commands ask for ten seconds at most.
 */
const SILENT_MS = 15_000;

/**
 * Opens the pool's Redis. Commands of one moment travel as one write. They wait through a reconnection instead of failing, as
 * BullMQ asks for; the first connection must succeed, so that a wrong URL is said at start.
 * @throws StoreUnreachableError
 */
export async function connectRedis(url: string, onError: (error: Error) => void): Promise<Redis> {
  const redis = new Redis(url, {
    maxRetriesPerRequest: null,
    socketTimeout: SILENT_MS,
    lazyConnect: true,
    enableAutoPipelining: true,
  });
  redis.on("error", onError);
  try {
    await redis.connect();
    return redis;
  } catch (cause) {
    redis.disconnect();
    throw new StoreUnreachableError(`Redis does not answer at ${withoutPassword(url)}`, {
      cause,
      hint: "Start Redis, or correct REDIS_URL",
    });
  }
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^@/]*@/, "//");
}

/** An open connection, for rooms that only hand it on. */
export type RedisConnection = Redis;

/** Builds keys that all hash to one slot of a Redis Cluster, one slot a pool. */
export type Keys = (...parts: readonly (string | number)[]) => string;

export function keysOf(chainId: bigint, pool: bigint): Keys {
  const tag = poolTag(chainId, pool);
  return (...parts) => [tag, ...parts].join(":");
}

/** The hash tag of a pool; also the prefix of its BullMQ queues. */
export function poolTag(chainId: bigint, pool: bigint): string {
  return `{pool:${chainId}-${pool}}`;
}
