import type { Redis } from "ioredis";

import { script } from "./script.ts";

/**
 * Writes one document together with its index entries, all or nothing, and only if nobody has written it since it was read
 * and no guarded hash is full. A count that comes to nothing is dropped.
 *
 * KEYS[1] the document, KEYS[2..] the keys that guards and commands name by their place
 * ARGV[1] the revision that was read, empty for a new document; ARGV[2] the new revision; ARGV[3] the document
 * ARGV[4] guards as JSON [[place, most members]]; ARGV[5] commands as JSON [[command, place, argument...]]
 */
const COMMIT = script(`
local revision = redis.call("HGET", KEYS[1], "revision") or ""
if revision ~= ARGV[1] then return "stale" end
for _, guard in ipairs(cjson.decode(ARGV[4])) do
  if redis.call("HLEN", KEYS[guard[1]]) >= guard[2] then return "full" end
end
redis.call("HSET", KEYS[1], "revision", ARGV[2], "document", ARGV[3])
for _, command in ipairs(cjson.decode(ARGV[5])) do
  local left = redis.call(command[1], KEYS[command[2]], unpack(command, 3))
  if command[1] == "HINCRBY" and left == 0 then redis.call("HDEL", KEYS[command[2]], command[3]) end
end
return "done"
`);

/** One write to an index: a Redis command, its key, its arguments. */
export type IndexWrite = readonly [
  command: "SADD" | "SREM" | "ZADD" | "ZREM" | "HSET" | "HDEL" | "HINCRBY" | "ZINCRBY",
  key: string,
  ...string[],
];

/** Refuses the commit when the hash already has that many fields. */
export type Guard = { readonly hash: string; readonly most: number };

type Commit = {
  readonly key: string;
  /** The revision that was read; undefined when the document must not exist. */
  readonly read: number | undefined;
  readonly revision: number;
  readonly document: string;
  readonly writes: readonly IndexWrite[];
  readonly guards: readonly Guard[];
};

export type CommitOutcome = "done" | "stale" | "full";

/** One atomic step. */
export async function commit(
  redis: Redis,
  { key, read, revision, document, writes, guards }: Commit,
): Promise<CommitOutcome> {
  const keys = [...new Set([key, ...guards.map(({ hash }) => hash), ...writes.map(([, name]) => name)])];
  const place = (name: string): number => keys.indexOf(name) + 1;
  const outcome = await COMMIT(redis, keys, [
    read === undefined ? "" : String(read),
    String(revision),
    document,
    JSON.stringify(guards.map(({ hash, most }) => [place(hash), most])),
    JSON.stringify(writes.map(([command, name, ...args]) => [command, place(name), ...args])),
  ]);
  return outcome as CommitOutcome;
}

/** Reads a document; undefined when there is none. */
export async function readDocument(redis: Redis, key: string): Promise<string | undefined> {
  return (await redis.hget(key, "document")) ?? undefined;
}
