import type { Redis } from "ioredis";

import { errorData } from "../../protocol/errors.ts";
import type { ErrorData } from "../../protocol/errors.ts";
import { toJson } from "../../protocol/json.ts";
import type { Hash } from "../../protocol/primitives.ts";
import type { Keys } from "./redis.ts";

/** The oldest are dropped beyond this: what went wrong so often shows in the newest too. */
const KEPT = 1_000;

/** Where an event stands on the chain, and what it is about. */
export type EventAside = {
  readonly kind: string;
  readonly blockNumber: number;
  readonly blockHash: Hash;
  readonly logIndex: number;
  readonly transactionHash: Hash;
  readonly dealId?: Hash;
  readonly taskId?: Hash;
};

/** What the pool could not take in. */
export type Quarantined = {
  /** Short enough to be typed. */
  readonly id: string;
  /** Undefined: a note of something that is no event, with which nothing can be done again. */
  readonly event: EventAside | undefined;
  readonly kind: string;
  readonly block: number;
  /** How it failed last. */
  readonly error: Pick<ErrorData, "code" | "message">;
  /** When it was first put aside and when it failed last, Unix seconds. */
  readonly since: number;
  readonly at: number;
  /** How often it was put aside. */
  readonly times: number;
};

/** What could not be handled, for whoever looks after the pool. At most a thousand entries. */
export interface Quarantine {
  /** Puts an event aside; one that lies there already failed once more. */
  put(event: EventAside, error: unknown): Promise<void>;
  /** Notes that the chain replaced the blocks above `block`. */
  note(block: number, error: unknown): Promise<void>;
  /** Oldest first. */
  all(): Promise<readonly Quarantined[]>;
  get(id: string): Promise<Quarantined | undefined>;
  /** True for whoever took it away. */
  remove(id: string): Promise<boolean>;
  count(): Promise<number>;
}

type Stored = Pick<Quarantined, "event" | "kind" | "block" | "error" | "at">;

export function createQuarantine(redis: Redis, keys: Keys): Quarantine {
  // What, how often, and since when: each by the entry's id, so that no two processes overwrite each other's count.
  const [documents, times, order] = [keys("quarantined"), keys("quarantined-times"), keys("quarantined-since")];

  async function write(id: string, entry: Omit<Stored, "at" | "error">, error: unknown): Promise<void> {
    const at = Math.floor(Date.now() / 1_000);
    const { code, message } = errorData(error);
    await redis
      .multi()
      .hset(documents, id, toJson({ ...entry, error: { code, message }, at }))
      .hincrby(times, id, 1)
      .zadd(order, "NX", at, id)
      .exec();
    const beyond = await redis.zrange(order, "0", `${-1 - KEPT}`);
    await Promise.all(beyond.map((oldest) => remove(oldest)));
  }

  async function read(ids: readonly string[]): Promise<readonly Quarantined[]> {
    const found = await Promise.all(ids.map((id) => get(id)));
    return found.filter((entry) => entry !== undefined);
  }

  async function get(id: string): Promise<Quarantined | undefined> {
    const [text, count, since] = await Promise.all([
      redis.hget(documents, id),
      redis.hget(times, id),
      redis.zscore(order, id),
    ]);
    if (text === null || since === null) return undefined;
    const { event, ...rest } = JSON.parse(text) as Stored;
    return { id, event, ...rest, since: Number(since), times: Number(count) };
  }

  async function remove(id: string): Promise<boolean> {
    const done = await redis.multi().zrem(order, id).hdel(documents, id).hdel(times, id).exec();
    return done?.[0]?.[1] === 1;
  }

  return {
    put: (event, error) =>
      write(idOf(event), { event: placeOf(event), kind: event.kind, block: event.blockNumber }, error),
    note: (block, error) => write(`${block}-reorganised`, { event: undefined, kind: "Reorganised", block }, error),
    all: async () => read(await redis.zrange(order, "0", "-1")),
    get,
    remove,
    count: () => redis.zcard(order),
  };
}

/** Its block and place in it, and enough of the block's hash to tell branches of the chain apart. */
function idOf({ blockNumber, logIndex, blockHash }: EventAside): string {
  return `${blockNumber}-${logIndex}-${blockHash.slice(2, 10)}`;
}

/** What it carries besides is read from the chain when it is tried again. */
function placeOf({ kind, blockNumber, blockHash, logIndex, transactionHash, dealId, taskId }: EventAside): EventAside {
  return {
    ...{ kind, blockNumber, blockHash, logIndex, transactionHash },
    ...(dealId === undefined ? {} : { dealId }),
    ...(taskId === undefined ? {} : { taskId }),
  };
}
