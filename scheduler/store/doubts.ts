import type { Redis } from "ioredis";

import type { Hash } from "../../protocol/primitives.ts";
import type { Keys } from "./redis.ts";

/** A deal that a reorganisation has made uncertain. */
export type Doubt = {
  readonly dealId: Hash;
  /** What the operator does again on the new branch; over once all of it is done. */
  readonly intents: readonly string[];
  /** Unix seconds of the chain when the reorganisation was noticed. */
  readonly since: number;
};

/** Deals in doubt, one entry a deal. */
export interface DoubtStore {
  add(doubt: Doubt): Promise<void>;
  all(): Promise<readonly Doubt[]>;
  remove(dealId: Hash): Promise<void>;
}

export function createDoubtStore(redis: Redis, keys: Keys): DoubtStore {
  const key = keys("doubts");
  return {
    add: async (doubt) => void (await redis.hset(key, doubt.dealId, JSON.stringify(doubt))),
    all: async () => (await redis.hvals(key)).map((text) => JSON.parse(text) as Doubt),
    remove: async (dealId) => void (await redis.hdel(key, dealId)),
  };
}
