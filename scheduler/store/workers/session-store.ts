import type { Redis } from "ioredis";

import type { Address } from "../../../protocol/primitives.ts";
import type { Keys } from "../redis.ts";

/** Nonces and tokens of log-ins, each gone by itself after its time. */
export interface SessionStore {
  addNonce(nonce: string, seconds: number): Promise<void>;
  /** True once for each nonce that was added. */
  takeNonce(nonce: string): Promise<boolean>;
  addToken(token: string, address: Address, seconds: number): Promise<void>;
  addressOf(token: string): Promise<Address | undefined>;
}

export function createSessionStore(redis: Redis, keys: Keys): SessionStore {
  return {
    addNonce: async (nonce, seconds) => {
      await redis.set(keys("nonce", nonce), "1", "EX", seconds);
    },
    takeNonce: async (nonce) => (await redis.del(keys("nonce", nonce))) === 1,
    addToken: async (token, address, seconds) => {
      await redis.set(keys("session", token), address, "EX", seconds);
    },
    addressOf: async (token) => ((await redis.get(keys("session", token))) ?? undefined) as Address | undefined,
  };
}
