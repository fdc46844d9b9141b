import { createHash } from "node:crypto";

import type { Redis } from "ioredis";

/** Runs a Lua script; its answer is what the script returns. */
type RunScript = (redis: Redis, keys: readonly string[], args: readonly (string | number)[]) => Promise<unknown>;

/** A Lua script that is sent whole only where the server does not know it: after its first call its hash is enough. */
export function script(lua: string): RunScript {
  const sha = createHash("sha1").update(lua).digest("hex");
  return async (redis, keys, args) => {
    try {
      return await redis.evalsha(sha, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
      return redis.eval(lua, keys.length, ...keys, ...args);
    }
  };
}
