import type { Redis } from "ioredis";

import { codeOf } from "../../protocol/errors.ts";
import { toJson } from "../../protocol/json.ts";
import type { Keys } from "./redis.ts";

/** The oldest are dropped beyond this: what went wrong so often shows in the newest too. */
const KEPT = 1_000;

/** How many events lie there. */
export function countQuarantined(redis: Redis, keys: Keys): Promise<number> {
  return redis.llen(keys("quarantine"));
}

/** Events that could not be handled, newest last, for whoever looks after the pool. */
export function createQuarantine(redis: Redis, keys: Keys): (event: unknown, error: unknown) => Promise<void> {
  const key = keys("quarantine");
  return async (event, error) => {
    const text = toJson({ event, code: codeOf(error), at: Date.now() });
    await redis.multi().rpush(key, text).ltrim(key, -KEPT, -1).exec();
  };
}
