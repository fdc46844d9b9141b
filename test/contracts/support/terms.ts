import { APP, DATASET, POOL } from "./market.ts";
import { APP_PRICE, DATASET_PRICE, POOL_PRICE } from "./orders.ts";
import type { Changes } from "./orders.ts";

/** One term: orders on the right side of its boundary, orders on the wrong side, and the error that says so. */
type Term = {
  readonly term: string;
  readonly accepts: readonly Changes[];
  readonly rejects: Changes;
  readonly error: string;
  readonly args: readonly unknown[];
};

/** What orders must agree on, apart from requirements and who asks. */
export const TERMS: readonly Term[] = [
  {
    term: "at least one task",
    accepts: [{ request: { volume: 1 } }],
    rejects: { request: { volume: 0 } },
    error: "MarketplaceZeroVolume",
    args: [],
  },
  {
    term: "trust of at least 2",
    accepts: [{ request: { trust: 2 } }],
    rejects: { request: { trust: 1 } },
    error: "MarketplaceTrustTooLow",
    args: [1n],
  },
  {
    term: "no more trust than the pool offers",
    accepts: [{ pool: { maxTrust: 7 }, request: { trust: 7 } }],
    rejects: { pool: { maxTrust: 7 }, request: { trust: 8 } },
    error: "MarketplaceTrustTooHigh",
    args: [8n, 7n],
  },
  {
    term: "maxWeight of at least 2",
    accepts: [{ request: { maxWeight: 2 } }],
    rejects: { request: { maxWeight: 1 } },
    error: "MarketplaceMaxWeightOutOfRange",
    args: [1n],
  },
  {
    term: "maxWeight of at most 127",
    accepts: [{ request: { maxWeight: 127 } }],
    rejects: { request: { maxWeight: 128 } },
    error: "MarketplaceMaxWeightOutOfRange",
    args: [128n],
  },
  {
    term: "a category that exists",
    accepts: [{ pool: { category: 4 }, request: { category: 4 } }],
    rejects: { pool: { category: 5 }, request: { category: 5 } },
    error: "MarketplaceCategoryUnknown",
    args: [5n],
  },
  {
    term: "the pool's category",
    accepts: [{ pool: { category: 1 }, request: { category: 1 } }],
    rejects: { pool: { category: 1 }, request: { category: 0 } },
    error: "MarketplaceCategoryMismatch",
    args: [0n, 1n],
  },
  {
    term: "an app price within the maximum",
    accepts: [{ request: { maxAppPrice: APP_PRICE } }],
    rejects: { request: { maxAppPrice: APP_PRICE - 1n } },
    error: "MarketplacePriceTooHigh",
    args: [APP_PRICE, APP_PRICE - 1n],
  },
  {
    term: "a dataset price within the maximum",
    accepts: [{ request: { dataset: DATASET, maxDatasetPrice: DATASET_PRICE } }],
    rejects: { request: { dataset: DATASET, maxDatasetPrice: DATASET_PRICE - 1n } },
    error: "MarketplacePriceTooHigh",
    args: [DATASET_PRICE, DATASET_PRICE - 1n],
  },
  {
    term: "a pool price within the maximum",
    accepts: [{ request: { maxPoolPrice: POOL_PRICE } }],
    rejects: { request: { maxPoolPrice: POOL_PRICE - 1n } },
    error: "MarketplacePriceTooHigh",
    args: [POOL_PRICE, POOL_PRICE - 1n],
  },
  {
    term: "the app that is asked for",
    accepts: [{}],
    rejects: { app: { app: 2n } },
    error: "MarketplaceAppMismatch",
    args: [APP, 2n],
  },
  {
    term: "the dataset that is asked for",
    accepts: [{ request: { dataset: DATASET } }],
    rejects: { dataset: { dataset: 2n }, request: { dataset: DATASET } },
    error: "MarketplaceDatasetMismatch",
    args: [DATASET, 2n],
  },
  {
    term: "the pool that is asked for, if one is",
    accepts: [{ request: { pool: 0n } }, { request: { pool: POOL } }],
    rejects: { request: { pool: 2n } },
    error: "MarketplacePoolMismatch",
    args: [2n, POOL],
  },
  {
    term: "a worker stake of at most the whole price",
    accepts: [{ pool: { workerStake: 10_000 } }],
    rejects: { pool: { workerStake: 10_001 } },
    error: "MarketplaceShareTooHigh",
    args: [10_001n],
  },
  {
    term: "a scheduler share of at most the whole price",
    accepts: [{ pool: { schedulerShare: 10_000 } }],
    rejects: { pool: { schedulerShare: 10_001 } },
    error: "MarketplaceShareTooHigh",
    args: [10_001n],
  },
  {
    term: "a grace of at most two hours",
    accepts: [{ pool: { grace: 7_200 } }],
    rejects: { pool: { grace: 7_201 } },
    error: "MarketplaceGraceTooLong",
    args: [7_201n],
  },
  {
    term: "the app's dataset restriction",
    accepts: [{ app: { onlyDataset: DATASET }, request: { dataset: DATASET } }],
    rejects: { app: { onlyDataset: DATASET } },
    error: "MarketplaceAssetRestricted",
    args: [DATASET, 0n],
  },
  {
    term: "the app's pool restriction",
    accepts: [{ app: { onlyPool: POOL } }],
    rejects: { app: { onlyPool: 2n } },
    error: "MarketplaceAssetRestricted",
    args: [2n, POOL],
  },
  {
    term: "the dataset's app restriction",
    accepts: [{ dataset: { onlyApp: APP }, request: { dataset: DATASET } }],
    rejects: { dataset: { onlyApp: 2n }, request: { dataset: DATASET } },
    error: "MarketplaceAssetRestricted",
    args: [2n, APP],
  },
  {
    term: "the dataset's pool restriction",
    accepts: [{ dataset: { onlyPool: POOL }, request: { dataset: DATASET } }],
    rejects: { dataset: { onlyPool: 2n }, request: { dataset: DATASET } },
    error: "MarketplaceAssetRestricted",
    args: [2n, POOL],
  },
  {
    term: "the pool's app restriction",
    accepts: [{ pool: { onlyApp: APP } }],
    rejects: { pool: { onlyApp: 2n } },
    error: "MarketplaceAssetRestricted",
    args: [2n, APP],
  },
  {
    term: "the pool's dataset restriction",
    accepts: [{ pool: { onlyDataset: DATASET }, request: { dataset: DATASET } }],
    rejects: { pool: { onlyDataset: DATASET } },
    error: "MarketplaceAssetRestricted",
    args: [DATASET, 0n],
  },
];
