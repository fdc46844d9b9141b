import type { Redis } from "ioredis";

import type { Address } from "../../protocol/primitives.ts";
import { UNKNOWN, withOutcome } from "../domain/reputation.ts";
import type { Outcome, Reputation } from "../domain/reputation.ts";
import { script } from "./script.ts";

/** How the leases of workers ended, all in one hash. */
export type Reputations = {
  /** Counts how a lease of the worker ended, at `now` (milliseconds). */
  note(worker: Address, outcome: Outcome, now: number): Promise<void>;
  /** How the leases of each ended, as of the last that did; in their order. */
  of(workers: readonly string[]): Promise<readonly Reputation[]>;
};

/** Writes a reputation if nobody has written it since it was read. KEYS: reputations, heard; ARGV: worker, read, text, now */
const NOTE = script(`
if (redis.call("HGET", KEYS[1], ARGV[1]) or "") ~= ARGV[2] then return 0 end
redis.call("HSET", KEYS[1], ARGV[1], ARGV[3])
redis.call("ZADD", KEYS[2], "NX", ARGV[4], ARGV[1])
return 1
`);

/** @param heardKey when each worker was last heard of: whoever has a reputation is in it, so that it is forgotten some day */
export function createReputations(redis: Redis, key: string, heardKey: string): Reputations {
  return {
    note: async (worker, outcome, now) => {
      for (;;) {
        const read = await redis.hget(key, worker);
        const text = JSON.stringify(withOutcome(reputationIn(read), outcome, now));
        const done = await NOTE(redis, [key, heardKey], [worker, read ?? "", text, now]);
        if (done === 1) return;
      }
    },
    of: async (workers) => (await redis.hmget(key, ...workers)).map(reputationIn),
  };
}

function reputationIn(text: string | null): Reputation {
  return text === null ? UNKNOWN : (JSON.parse(text) as Reputation);
}
