import type { Redis } from "ioredis";

import type { Hash } from "../../protocol/primitives.ts";
import type { Keys } from "./redis.ts";

/** Outputs that a lane waits for before it settles, so that the last one that comes is known as the last. */
export interface AwaitedUploads {
  /** Waits for the outputs of these tasks, and of no others of the lane. */
  expect(lane: number, taskIds: readonly Hash[]): Promise<void>;
  /** The tasks whose outputs are not here. */
  left(lane: number): Promise<readonly Hash[]>;
  /** One is here; returns how many are not. */
  arrived(lane: number, taskId: Hash): Promise<number>;
}

export function createAwaitedUploads(redis: Redis, keys: Keys): AwaitedUploads {
  const keyOf = (lane: number): string => keys("uploads", lane);
  return {
    expect: async (lane, taskIds) => {
      const waiting = redis.multi().del(keyOf(lane));
      if (taskIds.length > 0) waiting.sadd(keyOf(lane), ...taskIds);
      await waiting.exec();
    },
    left: (lane) => redis.smembers(keyOf(lane)) as Promise<Hash[]>,
    arrived: async (lane, taskId) => {
      const [, left] = await Promise.all([redis.srem(keyOf(lane), taskId), redis.scard(keyOf(lane))]);
      return left;
    },
  };
}
