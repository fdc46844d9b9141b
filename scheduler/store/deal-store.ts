import type { Redis } from "ioredis";

import { dealDeadline, DealSchema } from "../../protocol/deal.ts";
import type { Deal } from "../../protocol/deal.ts";
import { toJson } from "../../protocol/json.ts";
import type { Hash } from "../../protocol/primitives.ts";
import { StaleRecordError } from "../errors.ts";
import { commit, readDocument } from "./commit.ts";
import type { IndexWrite } from "./commit.ts";
import type { Keys } from "./redis.ts";

/**
 * How far the pool is with a deal.
 *
 * - `seen`      found on chain, confirmed
 * - `entered`   params, image and inputs are here; its tasks are being worked on
 * - `declined`  given back: something could not be had
 * - `waiting`   something could not be had and the grace has passed: it is tried again until the deadline
 * - `closed`    every task is settled or refunded
 */
export type DealStage = "seen" | "entered" | "waiting" | "declined" | "closed";

export type DealRecord = {
  readonly dealId: Hash;
  readonly deal: Deal;
  readonly stage: DealStage;
  /** The exact text of the params, once fetched. */
  readonly params?: string;
  /** The app's image, pinned by digest, once known. */
  readonly image?: string;
  readonly note?: string;
};

/** What changes of a deal while the pool works on it. */
export type DealPatch = Partial<Pick<DealRecord, "stage" | "params" | "image" | "note">>;

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
  /** Open deals whose deadline (Unix seconds) lies before `before`. */
  pastDeadline(before: number): Promise<Hash[]>;
  /** Every deal that is seen or waiting. */
  notEntered(): Promise<Hash[]>;
  /** The deals of these ids; tasks are entered after their deal, so each is there. */
  dealsOf(dealIds: readonly Hash[]): Promise<ReadonlyMap<Hash, Deal>>;
  /** Some of the deals that ended before `before` (Unix milliseconds). */
  endedBefore(before: number): Promise<Hash[]>;
  forget(dealId: Hash): Promise<void>;
}

export function isDealOver({ stage }: DealRecord): boolean {
  return stage === "declined" || stage === "closed";
}

export function createDealStore(redis: Redis, keys: Keys): DealStore {
  const documentKey = (dealId: Hash): string => keys("deal", dealId);
  const openKey = keys("deals-open");
  const newKey = keys("deals-new");
  const overKey = keys("deals-over");

  async function read(dealId: Hash): Promise<(DealRecord & { readonly revision: number }) | undefined> {
    const text = await readDocument(redis, documentKey(dealId));
    if (text === undefined) return undefined;
    const stored = JSON.parse(text) as Stored;
    return { ...stored, deal: DealSchema.parse(stored.deal) };
  }

  async function get(dealId: Hash): Promise<DealRecord | undefined> {
    const found = await read(dealId);
    if (!found) return undefined;
    const { revision: _revision, ...record } = found;
    return record;
  }

  async function write(before: number | undefined, record: DealRecord): Promise<boolean> {
    const { dealId, deal } = record;
    const revision = (before ?? 0) + 1;
    const deadline = String(dealDeadline(deal));
    const over = isDealOver(record);
    const writes: IndexWrite[] = [
      over ? ["ZREM", openKey, dealId] : ["ZADD", openKey, deadline, dealId],
      record.stage === "seen" || record.stage === "waiting" ? ["SADD", newKey, dealId] : ["SREM", newKey, dealId],
    ];
    if (over) writes.push(["ZADD", overKey, String(Date.now()), dealId]);
    const document = toJson({ ...record, revision });
    const outcome = await commit(redis, {
      key: documentKey(dealId),
      read: before,
      revision,
      document,
      writes,
      guards: [],
    });
    return outcome === "done";
  }

  async function update(dealId: Hash, patch: DealPatch): Promise<DealRecord | undefined> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const before = await read(dealId);
      if (!before || isDealOver(before)) return undefined;
      const { revision, ...record } = { ...before, ...patch };
      if (await write(revision, record)) return record;
    }
    throw new StaleRecordError(`Deal ${dealId} changed ${ATTEMPTS} times while it was to be written`);
  }

  function pastDeadline(before: number): Promise<Hash[]> {
    return redis.zrangebyscore(openKey, "-inf", `(${before}`) as Promise<Hash[]>;
  }

  function notEntered(): Promise<Hash[]> {
    return redis.smembers(newKey) as Promise<Hash[]>;
  }

  async function dealsOf(dealIds: readonly Hash[]): Promise<ReadonlyMap<Hash, Deal>> {
    const found = await Promise.all([...new Set(dealIds)].map(get));
    return new Map(found.flatMap((record) => (record ? [[record.dealId, record.deal]] : [])));
  }

  function endedBefore(before: number): Promise<Hash[]> {
    return redis.zrangebyscore(overKey, "-inf", before, "LIMIT", 0, 20) as Promise<Hash[]>;
  }

  async function forget(dealId: Hash): Promise<void> {
    await redis
      .multi()
      .del(documentKey(dealId))
      .srem(newKey, dealId)
      .zrem(openKey, dealId)
      .zrem(overKey, dealId)
      .exec();
  }

  const create = (record: DealRecord): Promise<boolean> => write(undefined, record);
  return { get, create, update, pastDeadline, notEntered, dealsOf, endedBefore, forget };
}
