import type { Redis } from "ioredis";

import { inBatches } from "../../../protocol/in-batches.ts";
import type { Address } from "../../../protocol/primitives.ts";
import type { Caught } from "../../domain/votes/doubted-votes.ts";
import { afterEnding, isCaught, NEWCOMER } from "../../domain/workers/conduct.ts";
import type { Conduct, Ending } from "../../domain/workers/conduct.ts";
import { script } from "../script.ts";

/** What a worker's conduct was before and after something. */
export type ConductChange = { readonly before: Conduct; readonly after: Conduct };

type Noted = {
  readonly worker: Address;
  readonly ending: Ending;
  readonly now: number;
  readonly pace: number | undefined;
};

/** The conduct of workers, all in one hash. */
type Conducts = {
  /** Counts how a lease of the worker ended, at `now` (milliseconds), and how fast it was beside others. */
  note(worker: Address, ending: Ending, now: number, pace?: number): Promise<ConductChange>;
  /** Workers that were caught with a vote, and whose other votes are still to be looked at. */
  caught(): Promise<readonly Caught[]>;
  /** They have been, unless the worker was caught again since. */
  uncaught(caught: Caught): Promise<void>;
  /** The conduct of each as of the last that ended; in their order. */
  of(workers: readonly string[]): Promise<readonly Conduct[]>;
};

/**
 * Writes a conduct if nobody has written it since it was read, and marks a worker that was caught.
 * KEYS: conducts, heard, caught; ARGV: worker, read, text, now, when it was caught or nothing
 */
const NOTE = script(`
if (redis.call("HGET", KEYS[1], ARGV[1]) or "") ~= ARGV[2] then return 0 end
redis.call("HSET", KEYS[1], ARGV[1], ARGV[3])
redis.call("ZADD", KEYS[2], "NX", ARGV[4], ARGV[1])
if ARGV[5] ~= "" then redis.call("ZADD", KEYS[3], ARGV[5], ARGV[1]) end
return 1
`);

/** KEYS: caught; ARGV: worker, when it was caught */
const UNCAUGHT = script(`
if tonumber(redis.call("ZSCORE", KEYS[1], ARGV[1]) or "-1") == tonumber(ARGV[2]) then redis.call("ZREM", KEYS[1], ARGV[1]) end
return 1
`);

type ConductKeys = {
  readonly conducts: string;
  /** When each worker was last heard of: whoever has a conduct is in it, so that it is forgotten some day. */
  readonly heard: string;
  /** Workers that were caught, by when, as long as they may have open votes. */
  readonly caught: string;
};

export function createConducts(redis: Redis, { conducts: key, heard, caught }: ConductKeys): Conducts {
  async function noteAll(worker: Address, endings: readonly Noted[]): Promise<readonly ConductChange[]> {
    for (;;) {
      const read = await redis.hget(key, worker);
      const changes: ConductChange[] = [];
      for (const { ending, now, pace } of endings) {
        const before = changes.at(-1)?.after ?? conductIn(read);
        changes.push({ before, after: afterEnding(before, ending, now, pace) });
      }
      const caughtAt = endings.findLast(({ ending }) => isCaught(ending))?.now ?? "";
      const given = [worker, read ?? "", JSON.stringify(changes.at(-1)!.after), endings.at(-1)!.now, caughtAt];
      if ((await NOTE(redis, [key, heard, caught], given)) === 1) return changes;
    }
  }

  /** A settle brings many endings of each worker at a time: they are one change of its conduct. */
  const note = inBatches(async (noted: readonly Noted[]) => {
    const changed = [...Map.groupBy(noted, ({ worker }) => worker)].map(
      async ([worker, endings]) => [worker, (await noteAll(worker, endings)).values()] as const,
    );
    const changes = new Map(await Promise.all(changed));
    return noted.map(({ worker }) => changes.get(worker)!.next().value!);
  });

  return {
    note: (worker, ending, now, pace) => note({ worker, ending, now, pace }),
    caught: async () => {
      const flat = await redis.zrange(caught, "0", "-1", "WITHSCORES");
      return flat.flatMap((worker, place) =>
        place % 2 === 0 ? [{ worker: worker as Address, at: Number(flat[place + 1]) }] : [],
      );
    },
    uncaught: async ({ worker, at }) => void (await UNCAUGHT(redis, [caught], [worker, at])),
    of: async (workers) => (await redis.hmget(key, ...workers)).map(conductIn),
  };
}

function conductIn(text: string | null): Conduct {
  return text === null ? NEWCOMER : (JSON.parse(text) as Conduct);
}
