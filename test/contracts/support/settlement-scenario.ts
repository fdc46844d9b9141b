import fc from "fast-check";

import { BOND, MILL } from "./market.ts";

/** How many workers vote, and on how many answers. */
const WORKERS = 6;
const MOST_TASKS = 3;
const DAY = 86_400;

const bps = (most: number): fc.Arbitrary<number> =>
  fc.oneof(fc.integer({ min: 0, max: most }), fc.constantFrom(0, 10_000));
const price = (most: bigint): fc.Arbitrary<bigint> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.bigInt(0n, most) },
    { weight: 1, arbitrary: fc.bigInt(0n, 300n) },
    { weight: 1, arbitrary: fc.constantFrom(MILL - 1n, MILL) },
  );

const terms = fc.record({
  appPrice: price(10n * MILL),
  datasetPrice: fc.option(price(5n * MILL), { nil: undefined }),
  poolPrice: price(100n * MILL),
  workerStake: bps(5_000),
  schedulerShare: bps(3_000),
  trust: fc.integer({ min: 2, max: 9 }),
  maxWeight: fc.oneof(fc.integer({ min: 2, max: 16 }), fc.constant(127)),
  volume: fc.integer({ min: 1, max: MOST_TASKS }),
  grace: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(7_200) }),
  category: fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.constant(0) }),
});
const worker = fc.record({
  score: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 400 }), fc.constant(2 ** 24 - 1)),
  /** Of the bond. */
  unbonded: fc.oneof(fc.constant(0n), fc.bigInt(0n, BOND)),
});
/** Undefined: no vote; a number: the place of its digest. */
const vote = fc.record({
  digest: fc.oneof(
    { weight: 6, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.constant(undefined) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 2 }) },
  ),
  isSealed: fc.integer({ min: 0, max: 24 }).map((n) => n === 24),
});
/** By deal, task and worker. */
const votes = fc.array(
  fc.array(fc.array(vote, { minLength: WORKERS, maxLength: WORKERS }), {
    minLength: MOST_TASKS,
    maxLength: MOST_TASKS,
  }),
  { minLength: 3, maxLength: 3 },
);
/** Deals of any terms, workers of any score and bond, and what they vote in a few settles that follow one another. */
export const scenario = fc.record({
  deals: fc.array(terms, { minLength: 1, maxLength: 3 }),
  workers: fc.array(worker, { minLength: WORKERS, maxLength: WORKERS }),
  /** Of the unbonding: what is ready within the window backs no vote. */
  unbondedFor: fc.constantFrom(0, DAY - 3_600),
  /** Whether the pool belongs to a worker, who is paid and slashed at once. */
  isWorkersPool: fc.boolean(),
  rounds: fc.array(fc.record({ votes, wait: fc.constantFrom(1, 1, 700, 3_100), opens: fc.boolean() }), {
    minLength: 1,
    maxLength: 3,
  }),
});

export type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;
export type Terms = Scenario["deals"][number];
/** By deal, then by task, then by worker. */
export type Votes = Scenario["rounds"][number]["votes"];
