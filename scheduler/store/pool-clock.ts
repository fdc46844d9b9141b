import type { Redis } from "ioredis";

import type { PoolClock } from "../ports.ts";
import type { Keys } from "./redis.ts";
import { script } from "./script.ts";

/** How often the clocks of a pool's processes are compared, in milliseconds. */
const COMPARE_MS = 2_000;
/** Farther than this from what is expected, in milliseconds, a reading shows that somebody has set Redis' clock. */
const SLACK_MS = 2_000;
/** An answer that took longer says too little of when it was given, in milliseconds. */
const PROMPT_MS = 1_000;

/** A clock that follows the others of its pool. `stop` ends the following. */
export type FollowedClock = PoolClock & { readonly stop: () => void };

/**
 * The pool's time: Redis' clock, and so much ahead of it that it goes on where it was when that clock was set. It never falls behind
 * what any process has taken it for.
 * KEYS: ahead and last, in a hash; ARGV: what the caller took it for last, and what it must be (empty: whatever it is)
 */
const READ = script(`
local time = redis.call("TIME")
local redisNow = time[1] * 1000 + math.floor(time[2] / 1000)
local known = redis.call("HMGET", KEYS[1], "ahead", "last")
local last = math.max(tonumber(known[2] or 0), tonumber(ARGV[1]))
local now = tonumber(ARGV[2]) or redisNow + tonumber(known[1] or 0)
if now < last then now = last end
redis.call("HSET", KEYS[1], "ahead", string.format("%.0f", now - redisNow), "last", string.format("%.0f", last))
return now
`);

/**
 * Reads the pool's time, and counts on from there by this machine's monotonic clock: no clock that is wrong or is set, on a machine
 * of the pool or on that of Redis, moves it. While Redis is away it goes on.
 */
export async function followClock(
  redis: Redis,
  keys: Keys,
  onError: (error: unknown) => void,
  compareMs = COMPARE_MS,
): Promise<FollowedClock> {
  const read = async (taken: number, must: number | ""): Promise<number> =>
    Number(await READ(redis, [keys("clock")], [taken, must]));
  let last = await read(0, "");
  let readAt = performance.now();
  const now = (): number => Math.round(last + performance.now() - readAt);

  async function compare(): Promise<void> {
    const [before, asked] = [now(), performance.now()];
    const told = await read(last, "");
    const isExpected = told >= before - SLACK_MS && told <= now() + SLACK_MS;
    const right = isExpected ? told : await read(last, now());
    if (performance.now() - asked < PROMPT_MS) [last, readAt] = [right, performance.now()];
  }

  const timer = setInterval(() => void compare().catch(onError), compareMs);
  return { now, stop: () => clearInterval(timer) };
}
