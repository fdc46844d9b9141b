import type { Redis } from "ioredis";

import type { Address } from "../../protocol/primitives.ts";
import type { EpochRecord, Opening, SignedBallot } from "../domain/epochs/epoch-state.ts";
import { isOver } from "../domain/epochs/epoch-state.ts";
import type { Openings } from "../domain/epochs/settle-plan.ts";
import { commit, readDocument } from "./commit.ts";
import type { Keys } from "./redis.ts";

/**
 * The lane's current epoch, changed by compare-and-set, and beside it what workers send at any time and to any process:
 * ballots and openings, one field a worker, so that two of them never collide.
 */
export interface EpochStore {
  /** The lane's last epoch, over or not. */
  current(lane: number): Promise<EpochRecord | undefined>;
  /** Writes the next state of an epoch; false when somebody else was faster. A new epoch follows one that is over. */
  put(before: EpochRecord | undefined, after: EpochRecord): Promise<boolean>;
  /** A worker's first ballot for an epoch stands; false when there was one. */
  addBallot(lane: number, epoch: number, ballot: SignedBallot): Promise<boolean>;
  /** Notes that a worker will send none, so that nobody waits for it. */
  refuseBallot(lane: number, epoch: number, worker: Address): Promise<void>;
  /** The answers so far: a ballot, or null from those that refused. */
  ballots(lane: number, epoch: number): Promise<ReadonlyMap<Address, SignedBallot | null>>;
  addOpening(lane: number, epoch: number, worker: Address, opening: Opening): Promise<void>;
  openings(lane: number, epoch: number): Promise<Openings>;
  /** How many workers have answered with a ballot or a refusal, and how many have opened. */
  countBallots(lane: number, epoch: number): Promise<number>;
  countOpenings(lane: number, epoch: number): Promise<number>;
}

/** Hears of a change that is stored. */
export type EpochWatch = (before: EpochRecord | undefined, after: EpochRecord) => void;

/**
 * @param onChange hears of every change that this process made, after it is stored
 * @param now the pool's clock, in Unix milliseconds
 */
export function createEpochStore(
  redis: Redis,
  keys: Keys,
  onChange: EpochWatch = () => {},
  now: () => number = Date.now,
): EpochStore {
  const documentKey = (lane: number): string => keys("epoch", lane);
  const ballotsKey = (lane: number, epoch: number): string => keys("ballots", lane, epoch);
  const openingsKey = (lane: number, epoch: number): string => keys("openings", lane, epoch);

  async function current(lane: number): Promise<EpochRecord | undefined> {
    const text = await readDocument(redis, documentKey(lane));
    return text === undefined ? undefined : (JSON.parse(text) as EpochRecord);
  }

  async function put(before: EpochRecord | undefined, after: EpochRecord): Promise<boolean> {
    const revision = (before?.revision ?? 0) + 1;
    const timed = withTimes(before, after, now());
    const [key, document] = [documentKey(after.lane), JSON.stringify({ ...timed, revision })];
    const outcome = await commit(redis, { key, read: before?.revision, revision, document, writes: [], guards: [] });
    if (outcome !== "done") return false;
    onChange(before, timed);
    if (isOver(after.state)) await forget(after);
    return true;
  }

  const forget = ({ lane, epoch }: EpochRecord): Promise<unknown> =>
    redis.del(ballotsKey(lane, epoch), openingsKey(lane, epoch));

  async function addBallot(lane: number, epoch: number, ballot: SignedBallot): Promise<boolean> {
    return (await redis.hsetnx(ballotsKey(lane, epoch), ballot.worker, JSON.stringify(ballot))) === 1;
  }

  async function refuseBallot(lane: number, epoch: number, worker: Address): Promise<void> {
    await redis.hsetnx(ballotsKey(lane, epoch), worker, "null");
  }

  async function ballots(lane: number, epoch: number): Promise<ReadonlyMap<Address, SignedBallot | null>> {
    const fields = await redis.hgetall(ballotsKey(lane, epoch));
    return new Map(
      Object.entries(fields).map(([worker, text]) => [worker as Address, JSON.parse(text) as SignedBallot | null]),
    );
  }

  async function addOpening(lane: number, epoch: number, worker: Address, opening: Opening): Promise<void> {
    await redis.hset(openingsKey(lane, epoch), worker, JSON.stringify(opening));
  }

  async function openings(lane: number, epoch: number): Promise<Openings> {
    const fields = await redis.hgetall(openingsKey(lane, epoch));
    return Object.fromEntries(Object.entries(fields).map(([worker, text]) => [worker, JSON.parse(text) as Opening]));
  }

  return {
    ...{ current, put, addBallot, refuseBallot, ballots, addOpening, openings },
    countBallots: (lane, epoch) => redis.hlen(ballotsKey(lane, epoch)),
    countOpenings: (lane, epoch) => redis.hlen(openingsKey(lane, epoch)),
  };
}

/** With the time of a move, where it is one. */
function withTimes(before: EpochRecord | undefined, after: EpochRecord, since: number): EpochRecord {
  if (before?.epoch === after.epoch && before.state === after.state) return after;
  return { ...after, since, begunAt: after.begunAt ?? since };
}
