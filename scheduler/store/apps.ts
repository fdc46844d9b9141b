import type { Redis } from "ioredis";

import { digestIn } from "../domain/apps/app-standing.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import type { AppRecord } from "../domain/apps/app-standing.ts";
import type { Keys } from "./redis.ts";
import { script } from "./script.ts";

/** Those longest unheard of are forgotten beyond this. */
const KEPT = 2_000;

/** What was known of an app before and after something. */
export type AppChange = { readonly before: AppRecord | undefined; readonly after: AppRecord };

/** What a pool knows of apps, by their images' digests. At most two thousand. */
export interface AppStore {
  /** Undefined for one that the pool has not seen. */
  get(image: string): Promise<AppRecord | undefined>;
  /**
   * Changes what is known of the app of this image, however many others do so at the same time, and notes that it is in use.
   * @param decide gives the very same record where nothing changes
   */
  change(image: string, decide: (record: AppRecord | undefined) => AppRecord): Promise<AppChange>;
  /** By the digest of its image, without `sha256:`. */
  find(digest: string): Promise<AppRecord | undefined>;
  /** Adds what a worker has shown of its answer to a task; returns all that is here of that task. */
  addShown(taskId: Hash, worker: Address, text: string): Promise<readonly string[]>;
  all(): Promise<readonly AppRecord[]>;
  /** True for whoever took it away. */
  forget(digest: string): Promise<boolean>;
  /** Forgets the apps that were last in use before `time` (milliseconds). */
  forgetBefore(time: number): Promise<void>;
}

/** What workers have shown serves to be compared, and no longer, in seconds. */
const SHOWN_SECONDS = 3_600;

/** Writes a record if nobody has written it since it was read. KEYS: apps, used; ARGV: digest, read, text, now, kept */
const CHANGE = script(`
if (redis.call("HGET", KEYS[1], ARGV[1]) or "") ~= ARGV[2] then return 0 end
redis.call("HSET", KEYS[1], ARGV[1], ARGV[3])
redis.call("ZADD", KEYS[2], ARGV[4], ARGV[1])
for _, oldest in ipairs(redis.call("ZRANGE", KEYS[2], 0, -1 - ARGV[5])) do
  redis.call("HDEL", KEYS[1], oldest)
  redis.call("ZREM", KEYS[2], oldest)
end
return 1
`);

/** @param now the time of the pool, in Unix milliseconds */
export function createAppStore(redis: Redis, keys: Keys, now: () => number): AppStore {
  const [records, used] = [keys("apps"), keys("apps-used")];

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
      if ((await CHANGE(redis, [records, used], [digest, read ?? "", text, now(), KEPT])) === 1)
        return { before, after };
    }
  }

  async function forget(digest: string): Promise<boolean> {
    const done = await redis.multi().hdel(records, digest).zrem(used, digest).exec();
    return done?.[0]?.[1] === 1;
  }

  return {
    get: (image) => find(digestIn(image)),
    change,
    find,
    addShown: async (taskId, worker, text) => {
      const key = keys("shown", taskId);
      await redis.multi().hset(key, worker, text).expire(key, SHOWN_SECONDS).exec();
      return redis.hvals(key);
    },
    all: async () => (await redis.hvals(records)).map((text) => recordIn(text)!),
    forget,
    forgetBefore: async (time) => {
      const unused = await redis.zrangebyscore(used, "-inf", `(${time}`);
      await Promise.all(unused.map(forget));
    },
  };
}

function recordIn(text: string | null): AppRecord | undefined {
  return text === null ? undefined : (JSON.parse(text) as AppRecord);
}
