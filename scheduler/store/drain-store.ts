import type { Redis } from "ioredis";

import type { Keys } from "./redis.ts";

/** Whether the pool drains: it takes nothing new, and finishes what was begun. The same at every process, and after a restart. */
export interface DrainStore {
  isOn(): Promise<boolean>;
  set(on: boolean): Promise<void>;
}

export function createDrainStore(redis: Redis, keys: Keys): DrainStore {
  const key = keys("draining");
  return {
    isOn: async () => (await redis.exists(key)) === 1,
    set: async (on) => void (on ? await redis.set(key, "1") : await redis.del(key)),
  };
}
