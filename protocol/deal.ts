import { z } from "zod";

import { categoryDeadline } from "./categories.ts";
import { dealWords, unpackDeal } from "./deal-words.ts";
import { AddressSchema, HashSchema, smallUintSchema, uintSchema } from "./primitives.ts";
import type { Hash } from "./primitives.ts";
import { hashWords } from "./words.ts";

const uint256 = uintSchema(256);
const uint128 = uintSchema(128);

const PARTIES = {
  app: uint256,
  dataset: uint256,
  pool: uint256,
  appOwner: AddressSchema,
  datasetOwner: AddressSchema,
  poolOwner: AddressSchema,
  requester: AddressSchema,
  payer: AddressSchema,
  beneficiary: AddressSchema,
  callback: AddressSchema,
};
const HASHES = { requirements: HashSchema, paramsHash: HashSchema, requestHash: HashSchema };

/**
 * A matched deal of `volume` tasks, as it stood at the match. Never stored on chain: callers carry it, its hash is its id.
 * Prices and `poolStake` are wei per task, `workerStake` wei per vote, `schedulerShare` basis points of the pool price,
 * `grace` seconds, `openedAt` Unix seconds.
 */
export const DealSchema = z.strictObject({
  ...PARTIES,
  appPrice: uint128,
  datasetPrice: uint128,
  poolPrice: uint128,
  poolStake: uint128,
  workerStake: uintSchema(96),
  schedulerShare: smallUintSchema(16),
  grace: smallUintSchema(16),
  lane: smallUintSchema(8),
  category: smallUintSchema(8),
  maxWeight: smallUintSchema(8),
  trust: smallUintSchema(32),
  volume: smallUintSchema(32),
  openedAt: smallUintSchema(40),
  ...HASHES,
});
export type Deal = z.output<typeof DealSchema>;

/** The same as calls and events carry it, where what is narrow shares words. */
export const PackedDealSchema = z
  .strictObject({ ...PARTIES, assetPrices: uint256, poolMoney: uint256, terms: uint256, ...HASHES })
  .transform(unpackDeal)
  .pipe(DealSchema);

/** `keccak256(abi.encode(deal))`, of the packed form. */
export function dealIdOf(deal: Deal): Hash {
  return hashWords(...dealWords(deal));
}

/** `keccak256(abi.encode(dealId, index))`. */
export function taskIdOf(dealId: Hash, index: number): Hash {
  return hashWords(dealId, `0x${index.toString(16)}`);
}

/** The last second (Unix) at which an epoch may be sealed for this deal's tasks. */
export function dealDeadline(deal: Deal): number {
  return categoryDeadline(deal.category, deal.openedAt);
}

/** Whether a contract waits for the answers of this deal. */
export function hasCallback({ callback }: Pick<Deal, "callback">): boolean {
  return BigInt(callback) !== 0n;
}

/** What the payer pays for one settled task, in wei. */
export function taskPrice(deal: Deal): bigint {
  return deal.appPrice + deal.datasetPrice + deal.poolPrice;
}
