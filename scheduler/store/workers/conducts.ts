import type { Redis } from "ioredis";

import type { Address } from "../../../protocol/primitives.ts";
import { afterEnding, NEWCOMER } from "../../domain/workers/conduct.ts";
import type { Conduct, Ending } from "../../domain/workers/conduct.ts";
import { script } from "../script.ts";

/** What a worker's conduct was before and after something. */
export type ConductChange = { readonly before: Conduct; readonly after: Conduct };

/** The conduct of workers, all in one hash. */
type Conducts = {
  /** Counts how a lease of the worker ended, at `now` (milliseconds), and how fast it was beside others. */
  note(worker: Address, ending: Ending, now: number, pace?: number): Promise<ConductChange>;
  /** The conduct of each as of the last that ended; in their order. */
  of(workers: readonly string[]): Promise<readonly Conduct[]>;
};

/** Writes a conduct if nobody has written it since it was read. KEYS: conducts, heard; ARGV: worker, read, text, now */
const NOTE = script(`
if (redis.call("HGET", KEYS[1], ARGV[1]) or "") ~= ARGV[2] then return 0 end
redis.call("HSET", KEYS[1], ARGV[1], ARGV[3])
redis.call("ZADD", KEYS[2], "NX", ARGV[4], ARGV[1])
return 1
`);

/** @param heardKey when each worker was last heard of: whoever is in the hash is in it, so that it is forgotten some day */
export function createConducts(redis: Redis, key: string, heardKey: string): Conducts {
  /** What this process notes of a worker it notes one after the other: side by side, each would undo the other's reading. */
  const turns = new Map<Address, Promise<unknown>>();

  async function note(worker: Address, ending: Ending, now: number, pace?: number): Promise<ConductChange> {
    for (;;) {
      const read = await redis.hget(key, worker);
      const before = conductIn(read);
      const after = afterEnding(before, ending, now, pace);
      const text = JSON.stringify(after);
      if ((await NOTE(redis, [key, heardKey], [worker, read ?? "", text, now])) === 1) return { before, after };
    }
  }

  return {
    note: (worker, ending, now, pace) => {
      const noting = (): Promise<ConductChange> => note(worker, ending, now, pace);
      const mine = (turns.get(worker) ?? Promise.resolve()).then(noting, noting);
      turns.set(worker, mine);
      const end = (): void => void (turns.get(worker) === mine && turns.delete(worker));
      mine.then(end, end);
      return mine;
    },
    of: async (workers) => (await redis.hmget(key, ...workers)).map(conductIn),
  };
}

function conductIn(text: string | null): Conduct {
  return text === null ? NEWCOMER : (JSON.parse(text) as Conduct);
}
