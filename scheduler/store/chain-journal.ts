import type { Redis } from "ioredis";

import type { Checkpoint, CheckpointStore } from "../../chain/checkpoint.ts";
import { decodeIntent, encodeIntent } from "../../chain/intent.ts";
import type { Intent } from "../../chain/intent.ts";
import type { Added, SenderJournal } from "../../chain/sender-journal.ts";
import type { Keys } from "./redis.ts";
import { script } from "./script.ts";

/** How far the pool has followed the chain. */
export function createCheckpointStore(redis: Redis, keys: Keys): CheckpointStore {
  const key = keys("checkpoint");
  return {
    async load() {
      const text = await redis.get(key);
      return text === null ? undefined : (JSON.parse(text) as Checkpoint);
    },
    async save(checkpoint) {
      await redis.set(key, JSON.stringify(checkpoint));
    },
  };
}

/**
 * Adds an intent unless its id or its nonce is taken.
 * KEYS: intents, nonces (nonce -> id), open (sorted by nonce), highest nonce ever; ARGV: id, intent, nonce, state
 */
const ADD = script(`
local known = redis.call("HGET", KEYS[1], ARGV[1])
if known then return known end
if redis.call("HEXISTS", KEYS[2], ARGV[3]) == 1 then return "nonce-taken" end
redis.call("HSET", KEYS[1], ARGV[1], ARGV[2])
redis.call("HSET", KEYS[2], ARGV[3], ARGV[1])
if ARGV[4] == "open" then redis.call("ZADD", KEYS[3], ARGV[3], ARGV[1]) end
if tonumber(ARGV[3]) > tonumber(redis.call("GET", KEYS[4]) or "-1") then redis.call("SET", KEYS[4], ARGV[3]) end
return "added"
`);

/**
 * Writes or removes an intent whose revision is still the one that was read. Of those that are finished the last by nonce
 * are kept: a settle's transaction is long, and whatever an old one was for can no longer be done again.
 * KEYS as above, and finished (sorted by nonce); ARGV: id, revision read, new intent (empty to remove), its state, nonce,
 * how many finished ones to keep
 */
const REPLACE = script(`
local known = redis.call("HGET", KEYS[1], ARGV[1])
if not known or cjson.decode(known).revision ~= tonumber(ARGV[2]) then return 0 end
if ARGV[3] == "" then
  redis.call("HDEL", KEYS[1], ARGV[1])
  redis.call("HDEL", KEYS[2], ARGV[5])
else
  redis.call("HSET", KEYS[1], ARGV[1], ARGV[3])
end
if ARGV[4] == "open" then
  redis.call("ZADD", KEYS[3], ARGV[5], ARGV[1])
  redis.call("ZREM", KEYS[5], ARGV[1])
else
  redis.call("ZREM", KEYS[3], ARGV[1])
end
if ARGV[3] ~= "" and ARGV[4] ~= "open" then
  redis.call("ZADD", KEYS[5], ARGV[5], ARGV[1])
  local old = redis.call("ZRANGE", KEYS[5], 0, -1 - tonumber(ARGV[6]), "WITHSCORES")
  for at = 1, #old, 2 do
    redis.call("HDEL", KEYS[1], old[at])
    redis.call("HDEL", KEYS[2], string.format("%.0f", tonumber(old[at + 1])))
    redis.call("ZREM", KEYS[5], old[at])
  end
end
return 1
`);

const KEEP_FINISHED = 1_000;

/** The transaction sender's journal in Redis, one account a scope; several processes of a pool share it. */
export function createRedisJournal(
  redis: Redis,
  keys: Keys,
  { keepFinished = KEEP_FINISHED }: { readonly keepFinished?: number } = {},
): SenderJournal {
  const keysOf = (scope: string) => accountKeys(keys, scope);

  async function get(scope: string, id: string): Promise<Intent | undefined> {
    const text = await redis.hget(keysOf(scope)[0], id);
    return text === null ? undefined : decodeIntent(text, where(scope, id));
  }

  async function byNonce(scope: string, nonce: number): Promise<Intent | undefined> {
    const id = await redis.hget(keysOf(scope)[1], String(nonce));
    return id === null ? undefined : get(scope, id);
  }

  async function open(scope: string): Promise<readonly Intent[]> {
    const ids = await redis.zrange(keysOf(scope)[2], "0", "-1");
    const intents = await Promise.all(ids.map((id) => get(scope, id)));
    return intents.filter((intent) => intent !== undefined);
  }

  async function nextNonce(scope: string): Promise<number> {
    const highest = await redis.get(keysOf(scope)[3]);
    return highest === null ? 0 : Number(highest) + 1;
  }

  async function add(scope: string, intent: Intent): Promise<Added> {
    const given = [intent.id, encodeIntent(intent), String(intent.nonce), intent.state];
    const answer = await ADD(redis, keysOf(scope), given);
    if (answer === "added" || answer === "nonce-taken") return { kind: answer };
    return { kind: "known", intent: decodeIntent(String(answer), where(scope, intent.id)) };
  }

  async function replace(scope: string, intent: Intent, read: number, text: string, state: string): Promise<boolean> {
    const { id, nonce } = intent;
    const given = [id, String(read), text, state, String(nonce), String(keepFinished)];
    return (await REPLACE(redis, [...keysOf(scope), keys("sent", scope, "finished")], given)) === 1;
  }

  async function remove(scope: string, id: string, revision: number): Promise<boolean> {
    const intent = await get(scope, id);
    return intent !== undefined && (await replace(scope, intent, revision, "", "removed"));
  }

  return {
    get,
    byNonce,
    open,
    nextNonce,
    add,
    update: (scope, intent) => replace(scope, intent, intent.revision - 1, encodeIntent(intent), intent.state),
    remove,
  };
}

function accountKeys(keys: Keys, scope: string): [string, string, string, string] {
  return [
    keys("sent", scope, "intents"),
    keys("sent", scope, "nonces"),
    keys("sent", scope, "open"),
    keys("sent", scope, "highest"),
  ];
}

function where(scope: string, id: string): string {
  return `intent ${id} of ${scope} in Redis`;
}
