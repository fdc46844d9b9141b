import type { Redis } from "ioredis";

import { dealDeadline, DealSchema } from "../../../protocol/deal.ts";
import type { Deal } from "../../../protocol/deal.ts";
import { toJson } from "../../../protocol/json.ts";
import type { Weights } from "../../../protocol/placement-weights.ts";
import type { Hash } from "../../../protocol/primitives.ts";
import { remembering } from "../../../protocol/remembering.ts";
import { StaleRecordError } from "../../errors.ts";
import { commit, readDocument } from "../commit.ts";
import type { IndexWrite } from "../commit.ts";
import type { Keys } from "../redis.ts";

/**
 * How far the pool is with a deal.
 *
 * - `seen`      found on chain, confirmed
 * - `entered`   params, image, inputs and dataset are here; its tasks are being worked on
 * - `declined`  given back: something could not be had
 * - `waiting`   something could not be had and the grace has passed: it is tried again until the deadline
 * - `closed`    every task is settled or refunded
 */
type DealStage = "seen" | "entered" | "waiting" | "declined" | "closed";

/** A dataset among the pool's blobs. */
export type HeldDataset = { readonly sha256: string; readonly bytes: number };

export type DealRecord = {
  readonly dealId: Hash;
  readonly deal: Deal;
  readonly stage: DealStage;
  /** The exact text of the params, once fetched. */
  readonly params?: string;
  /** The app's image, pinned by digest, once known. */
  readonly image?: string;
  /** The deal's dataset, once it is here; absent where the deal has none. */
  readonly dataset?: HeldDataset;
  /** What its requester weighs, as the params say. */
  readonly weights?: Weights;
  readonly note?: string;
};

/** What changes of a deal while the pool works on it. */
type DealPatch = Partial<Pick<DealRecord, "stage" | "params" | "image" | "dataset" | "weights" | "note">>;

type Stored = Omit<DealRecord, "deal"> & { readonly deal: unknown; readonly revision: number };

/** How often a change is tried again when others write the same deal. */
const ATTEMPTS = 20;

/** Deals in Redis, changed by compare-and-set; a deal that is over stays over. Open ones are indexed by deadline. */
export interface DealStore {
  get(dealId: Hash): Promise<DealRecord | undefined>;
  /** Stores a new deal; false when it was there already. */
  create(record: DealRecord): Promise<boolean>;
  /**
   * Changes a deal that is not over. Returns what is stored, or undefined when there is no such deal or it is over.
   * @throws StaleRecordError after 20 collisions
   */
  update(dealId: Hash, patch: DealPatch): Promise<DealRecord | undefined>;
  /** Takes back that a deal is over, and looks at it anew. */
  reopen(dealId: Hash): Promise<void>;
  /** Every deal that is remembered, over or not. */
  all(): Promise<readonly Hash[]>;
  /** Open deals whose deadline (Unix seconds) lies before `before`. */
  pastDeadline(before: number): Promise<Hash[]>;
  /** How many deals are not over, and how many of those are seen or waiting. */
  count(): Promise<{ readonly open: number; readonly waiting: number }>;
  /** Every deal that is seen or waiting. */
  notEntered(): Promise<Hash[]>;
  /** The deals of these ids; tasks are entered after their deal, so each is there. */
  dealsOf(dealIds: readonly Hash[]): Promise<ReadonlyMap<Hash, Deal>>;
  /** Some of the deals that ended before `before` (Unix milliseconds). */
  endedBefore(before: number): Promise<Hash[]>;
  forget(dealId: Hash): Promise<void>;
}

/** Hears of a change that is stored. */
export type DealWatch = (before: DealRecord, after: DealRecord) => void;

export function isDealOver({ stage }: DealRecord): boolean {
  return stage === "declined" || stage === "closed";
}

/**
 * @param onChange hears of every change that this process made, after it is stored
 * @param now the pool's clock, in Unix milliseconds
 */
export function createDealStore(
  redis: Redis,
  keys: Keys,
  onChange: DealWatch = () => {},
  now: () => number = Date.now,
): DealStore {
  const indexes = { open: keys("deals-open"), new: keys("deals-new"), over: keys("deals-over") };
  const documents = createDealDocuments(redis, (dealId) => keys("deal", dealId), indexes, { onChange, now });
  const pastDeadline = (before: number): Promise<Hash[]> =>
    redis.zrangebyscore(indexes.open, "-inf", `(${before}`) as Promise<Hash[]>;
  const endedBefore = (before: number): Promise<Hash[]> =>
    redis.zrangebyscore(indexes.over, "-inf", before, "LIMIT", 0, 20) as Promise<Hash[]>;

  async function dealsOf(dealIds: readonly Hash[]): Promise<ReadonlyMap<Hash, Deal>> {
    const found = await Promise.all([...new Set(dealIds)].map(documents.get));
    return new Map(found.flatMap((record) => (record ? [[record.dealId, record.deal]] : [])));
  }

  return {
    ...documents,
    pastDeadline,
    count: async () => {
      const [open, waiting] = await Promise.all([redis.zcard(indexes.open), redis.scard(indexes.new)]);
      return { open, waiting };
    },
    notEntered: () => redis.smembers(indexes.new) as Promise<Hash[]>,
    dealsOf,
    endedBefore,
    all: async () => {
      const found = await Promise.all([redis.zrange(indexes.open, "0", "-1"), redis.zrange(indexes.over, "0", "-1")]);
      return [...new Set(found.flat())] as Hash[];
    },
  };
}

/** With params and image it had been entered. */
function reopened(record: DealRecord): DealPatch | undefined {
  if (!isDealOver(record)) return undefined;
  return { stage: record.params && record.image ? "entered" : "seen" };
}

/** How many deals are kept at hand, each with its params: those that are worked on are read for every lease of their tasks. */
const AT_HAND = 8;

const recordIn = remembering((text): DealRecord & { readonly revision: number } => {
  const stored = JSON.parse(text) as Stored;
  return { ...stored, deal: DealSchema.parse(stored.deal) };
}, AT_HAND);

type Indexes = { readonly open: string; readonly new: string; readonly over: string };

function createDealDocuments(
  redis: Redis,
  keyOf: (dealId: Hash) => string,
  indexes: Indexes,
  { onChange, now }: { readonly onChange: DealWatch; readonly now: () => number },
): Pick<DealStore, "get" | "create" | "update" | "reopen" | "forget"> {
  async function read(dealId: Hash): Promise<(DealRecord & { readonly revision: number }) | undefined> {
    const text = await readDocument(redis, keyOf(dealId));
    return text === undefined ? undefined : recordIn(text);
  }

  async function get(dealId: Hash): Promise<DealRecord | undefined> {
    const found = await read(dealId);
    if (!found) return undefined;
    const { revision: _revision, ...record } = found;
    return record;
  }

  async function write(before: number | undefined, record: DealRecord): Promise<boolean> {
    const revision = (before ?? 0) + 1;
    const [key, document, writes] = [
      keyOf(record.dealId),
      toJson({ ...record, revision }),
      indexWrites(indexes, record, now()),
    ];
    return (await commit(redis, { key, read: before, revision, document, writes, guards: [] })) === "done";
  }

  /** @param decide what changes; undefined leaves the deal alone */
  async function change(
    dealId: Hash,
    decide: (record: DealRecord) => DealPatch | undefined,
  ): Promise<DealRecord | undefined> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const before = await read(dealId);
      const patch = before && decide(before);
      if (!patch) return undefined;
      const { revision, ...record } = { ...before, ...patch };
      if (!(await write(revision, record))) continue;
      onChange(before, record);
      return record;
    }
    throw new StaleRecordError(`Deal ${dealId} changed ${ATTEMPTS} times while it was to be written`);
  }

  const update: DealStore["update"] = (dealId, patch) => change(dealId, (it) => (isDealOver(it) ? undefined : patch));
  const reopen: DealStore["reopen"] = async (dealId) => void (await change(dealId, reopened));

  async function forget(dealId: Hash): Promise<void> {
    const indexed = redis.multi().srem(indexes.new, dealId).zrem(indexes.open, dealId).zrem(indexes.over, dealId);
    await indexed.del(keyOf(dealId)).exec();
  }

  return { get, create: (record) => write(undefined, record), update, reopen, forget };
}

/** What the indexes need, so that they say the same as the deal after it is written. */
function indexWrites(indexes: Indexes, record: DealRecord, now: number): readonly IndexWrite[] {
  const { dealId, deal, stage } = record;
  if (isDealOver(record)) {
    return [
      ["ZREM", indexes.open, dealId],
      ["SREM", indexes.new, dealId],
      ["ZADD", indexes.over, String(now), dealId],
    ];
  }
  return [
    ["ZADD", indexes.open, String(dealDeadline(deal)), dealId],
    [stage === "entered" ? "SREM" : "SADD", indexes.new, dealId],
  ];
}
