import type { Redis } from "ioredis";

import { digestIn } from "../domain/apps/app-standing.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import type { AppRecord } from "../domain/apps/app-standing.ts";
import type { Keys } from "./redis.ts";
import { script } from "./script.ts";

/** Those longest out of use are forgotten beyond this. */
const KEPT = 2_000;
/** That an app is in use is noted so often at most, in milliseconds. */
const USE_NOTED_MS = 60_000;

/** What was known of an app before and after something. */
export type AppChange = { readonly before: AppRecord | undefined; readonly after: AppRecord };

/** What a pool knows of apps, by their images' digests. At most two thousand, and those that its operator vouches for. */
export interface AppStore {
  /** Undefined for one that the pool has not seen. */
  get(image: string): Promise<AppRecord | undefined>;
  /**
   * Changes what is known of the app of this image, however many others do so at the same time, and notes that it is in use.
   * @param decide gives the very same record where nothing changes
   */
  change(image: string, decide: (record: AppRecord | undefined) => AppRecord): Promise<AppChange>;
  /** Notes that an app which the pool has seen is in use. */
  touch(image: string): Promise<void>;
  /** By the digest of its image, without `sha256:`. */
  find(digest: string): Promise<AppRecord | undefined>;
  /** Adds what a worker has shown of its answer to a task; returns all that is here of that task. */
  addShown(taskId: Hash, worker: Address, text: string): Promise<readonly string[]>;
  all(): Promise<readonly AppRecord[]>;
  /** True for whoever took it away. */
  forget(digest: string): Promise<boolean>;
  /** Forgets the apps that were last in use before `time` (milliseconds); none that is allowed, or refused until later. */
  forgetBefore(time: number): Promise<void>;
}

/** What workers have shown serves to be compared, and no longer, in seconds. */
const SHOWN_SECONDS = 3_600;

/**
 * Writes a record if nobody has written it since it was read. Without a time of use it is never forgotten.
 * KEYS: apps, used; ARGV: digest, read, text, used, kept
 */
const CHANGE = script(`
if (redis.call("HGET", KEYS[1], ARGV[1]) or "") ~= ARGV[2] then return 0 end
redis.call("HSET", KEYS[1], ARGV[1], ARGV[3])
if ARGV[4] == "" then redis.call("ZREM", KEYS[2], ARGV[1]) else redis.call("ZADD", KEYS[2], ARGV[4], ARGV[1]) end
for _, oldest in ipairs(redis.call("ZRANGE", KEYS[2], 0, -1 - ARGV[5])) do
  redis.call("HDEL", KEYS[1], oldest)
  redis.call("ZREM", KEYS[2], oldest)
end
return 1
`);

/** KEYS: apps, used; ARGV: time */
const FORGET_BEFORE = script(`
for _, digest in ipairs(redis.call("ZRANGEBYSCORE", KEYS[2], "-inf", "(" .. ARGV[1])) do
  redis.call("HDEL", KEYS[1], digest)
  redis.call("ZREM", KEYS[2], digest)
end
`);

/** @param now the time of the pool, in Unix milliseconds */
export function createAppStore(redis: Redis, keys: Keys, now: () => number): AppStore {
  const [records, used] = [keys("apps"), keys("apps-used")];
  const touched = new Map<string, number>();

  async function find(digest: string): Promise<AppRecord | undefined> {
    return recordIn(await redis.hget(records, digest));
  }

  async function change(image: string, decide: (record: AppRecord | undefined) => AppRecord): Promise<AppChange> {
    const digest = digestIn(image);
    for (;;) {
      const read = await redis.hget(records, digest);
      const before = recordIn(read);
      const after = decide(before);
      if (after === before) return { before, after };
      const text = JSON.stringify(after);
      if ((await CHANGE(redis, [records, used], [digest, read ?? "", text, usedAt(after, now()), KEPT])) === 1)
        return { before, after };
    }
  }

  async function touch(image: string): Promise<void> {
    const digest = digestIn(image);
    const at = now();
    if (at - (touched.get(digest) ?? 0) < USE_NOTED_MS) return;
    if (touched.size >= KEPT) touched.clear();
    touched.set(digest, at);
    await redis.zadd(used, "XX", "GT", at, digest);
  }

  async function forget(digest: string): Promise<boolean> {
    const done = await redis.multi().hdel(records, digest).zrem(used, digest).exec();
    return done?.[0]?.[1] === 1;
  }

  return {
    get: (image) => find(digestIn(image)),
    change,
    touch,
    find,
    addShown: async (taskId, worker, text) => {
      const key = keys("shown", taskId);
      await redis.multi().hset(key, worker, text).expire(key, SHOWN_SECONDS).exec();
      return redis.hvals(key);
    },
    all: async () => (await redis.hvals(records)).map((text) => recordIn(text)!),
    forget,
    forgetBefore: async (time) => {
      await FORGET_BEFORE(redis, [records, used], [time]);
    },
  };
}

/** What is refused until a time counts as used until then. Empty for what is kept whether it is used or not. */
function usedAt({ until = 0, isAllowed }: AppRecord, now: number): number | "" {
  return isAllowed ? "" : Math.max(now, until);
}

function recordIn(text: string | null): AppRecord | undefined {
  return text === null ? undefined : (JSON.parse(text) as AppRecord);
}
