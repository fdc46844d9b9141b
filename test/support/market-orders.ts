import { MILL } from "../../protocol/amounts.ts";
import { NO_RESOURCES, packResources } from "../../protocol/capabilities.ts";
import type { AppOrder, DatasetOrder, PoolOrder, RequestOrder } from "../../protocol/orders.ts";
import { UNLIMITED, ZERO_ADDRESS, ZERO_HASH } from "../../protocol/primitives.ts";

/** Orders that fit together, for asset 1 of each kind; tests change one field at a time. Not signed. */
export const FAR_FUTURE = 4_000_000_000;

const ask = { volume: UNLIMITED, expiry: FAR_FUTURE, counter: 0n, salt: ZERO_HASH, onlyRequester: ZERO_ADDRESS };

export const APP_ORDER: AppOrder = { app: 1n, price: MILL, ...ask, onlyDataset: 0n, onlyPool: 0n };

export const DATASET_ORDER: DatasetOrder = { dataset: 1n, price: 2n * MILL, ...ask, onlyApp: 0n, onlyPool: 0n };

export const POOL_ORDER: PoolOrder = {
  pool: 1n,
  price: 10n * MILL,
  ...ask,
  onlyApp: 0n,
  onlyDataset: 0n,
  category: 1,
  maxTrust: 10,
  capabilities: packResources({ ...NO_RESOURCES, cpuMillicores: 2_000, memoryMiB: 4_096 }),
  lane: 0,
  workerStake: 3_000,
  schedulerShare: 500,
  grace: 60,
};

export const REQUEST_ORDER: RequestOrder = {
  app: 1n,
  dataset: 0n,
  pool: 0n,
  maxAppPrice: MILL,
  maxDatasetPrice: 2n * MILL,
  maxPoolPrice: 10n * MILL,
  requester: ZERO_ADDRESS,
  payer: ZERO_ADDRESS,
  beneficiary: ZERO_ADDRESS,
  callback: ZERO_ADDRESS,
  trust: 3,
  maxWeight: 16,
  category: 1,
  requirements: packResources({ ...NO_RESOURCES, cpuMillicores: 1_000 }),
  paramsHash: ZERO_HASH,
  volume: 2,
  nonce: 0n,
  expiry: FAR_FUTURE,
};
