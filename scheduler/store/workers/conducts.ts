import type { Redis } from "ioredis";

import { inBatches } from "../../../protocol/in-batches.ts";
import type { Address } from "../../../protocol/primitives.ts";
import { afterEnding, NEWCOMER } from "../../domain/workers/conduct.ts";
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
  async function noteAll(worker: Address, endings: readonly Noted[]): Promise<readonly ConductChange[]> {
    for (;;) {
      const read = await redis.hget(key, worker);
      const changes: ConductChange[] = [];
      for (const { ending, now, pace } of endings) {
        const before = changes.at(-1)?.after ?? conductIn(read);
        changes.push({ before, after: afterEnding(before, ending, now, pace) });
      }
      const given = [worker, read ?? "", JSON.stringify(changes.at(-1)!.after), endings.at(-1)!.now];
      if ((await NOTE(redis, [key, heardKey], given)) === 1) return changes;
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
    of: async (workers) => (await redis.hmget(key, ...workers)).map(conductIn),
  };
}

function conductIn(text: string | null): Conduct {
  return text === null ? NEWCOMER : (JSON.parse(text) as Conduct);
}
