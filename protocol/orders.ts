import { TypedDataEncoder } from "ethers";
import { z } from "zod";

import { AddressSchema, HashSchema, HexSchema, smallUintSchema, uintSchema } from "./primitives.ts";
import type { Address, Hash } from "./primitives.ts";

/**
 * The four orders of the market, as signed (EIP-712) and as matched by `Marketplace` (docs/protocol.md, "Orders").
 * Amounts are wei, times Unix seconds. The Solidity twin is `contracts/types/Orders.sol`; shared vectors hold them together.
 */
const uint256 = uintSchema(256);
const uint128 = uintSchema(128);

/** What every ask carries: price per task, how many tasks it is good for, until when, and whom it is for. */
const askFields = {
  price: uint128,
  volume: uint256,
  expiry: smallUintSchema(40),
  counter: uint256,
  salt: HashSchema,
};

const AppOrderSchema = z.strictObject({
  app: uint256,
  ...askFields,
  onlyDataset: uint256,
  onlyPool: uint256,
  onlyRequester: AddressSchema,
});

const DatasetOrderSchema = z.strictObject({
  dataset: uint256,
  ...askFields,
  onlyApp: uint256,
  onlyPool: uint256,
  onlyRequester: AddressSchema,
});

const bps = smallUintSchema(16).refine((value) => value <= 10_000, "must be at most 10000 basis points");

const PoolOrderSchema = z.strictObject({
  pool: uint256,
  ...askFields,
  onlyApp: uint256,
  onlyDataset: uint256,
  onlyRequester: AddressSchema,
  category: smallUintSchema(8).refine((value) => value <= 4, "must be a category from 0 to 4"),
  maxTrust: smallUintSchema(32),
  capabilities: HashSchema,
  lane: smallUintSchema(8),
  workerStake: bps,
  schedulerShare: bps,
  grace: smallUintSchema(16).refine((value) => value <= 7200, "must be at most 7200 seconds"),
});

const RequestOrderSchema = z.strictObject({
  app: uint256,
  dataset: uint256,
  pool: uint256,
  maxAppPrice: uint128,
  maxDatasetPrice: uint128,
  maxPoolPrice: uint128,
  requester: AddressSchema,
  payer: AddressSchema,
  beneficiary: AddressSchema,
  callback: AddressSchema,
  trust: smallUintSchema(32).refine((value) => value >= 2, "must be at least 2"),
  maxWeight: smallUintSchema(8).refine((value) => value >= 2 && value <= 127, "must be from 2 to 127"),
  category: smallUintSchema(8).refine((value) => value <= 4, "must be a category from 0 to 4"),
  requirements: HashSchema,
  paramsHash: HashSchema,
  volume: smallUintSchema(32).refine((value) => value >= 1, "must be at least 1"),
  nonce: uint256,
  expiry: smallUintSchema(40),
});

export type AppOrder = z.output<typeof AppOrderSchema>;
export type DatasetOrder = z.output<typeof DatasetOrderSchema>;
export type PoolOrder = z.output<typeof PoolOrderSchema>;
export type RequestOrder = z.output<typeof RequestOrderSchema>;

/** Which order is which type, by the name used in URLs, tables and messages. */
export type OrderByKind = {
  readonly app: AppOrder;
  readonly dataset: DatasetOrder;
  readonly pool: PoolOrder;
  readonly request: RequestOrder;
};
export type OrderKind = keyof OrderByKind;
export const ORDER_KINDS = ["app", "dataset", "pool", "request"] as const satisfies readonly OrderKind[];

export const ORDER_SCHEMAS = {
  app: AppOrderSchema,
  dataset: DatasetOrderSchema,
  pool: PoolOrderSchema,
  request: RequestOrderSchema,
} as const;

/** An order with its signature; an empty one will do where the signer approved it on chain, or a contract asks for none. */
export type Signed<T> = { readonly order: T; readonly signature: `0x${string}` };

export const SignedAppOrderSchema = z.strictObject({ order: AppOrderSchema, signature: HexSchema });
export const SignedDatasetOrderSchema = z.strictObject({ order: DatasetOrderSchema, signature: HexSchema });
export const SignedPoolOrderSchema = z.strictObject({ order: PoolOrderSchema, signature: HexSchema });
export const SignedRequestOrderSchema = z.strictObject({ order: RequestOrderSchema, signature: HexSchema });

/** The EIP-712 domain; orders are verified by `Marketplace`, ballots by `Hub`. */
export type SigningDomain = {
  readonly name: "Gridmill";
  readonly version: "1";
  readonly chainId: bigint;
  readonly verifyingContract: Address;
};

export function signingDomain(chainId: bigint, verifyingContract: Address): SigningDomain {
  return { name: "Gridmill", version: "1", chainId, verifyingContract };
}

type Field = { name: string; type: string };
const fields = (list: string): Field[] =>
  list.split(",").map((field) => {
    const [type, name] = field.trim().split(" ") as [string, string];
    return { name, type };
  });

/** The EIP-712 types, in the order in which the contracts hash them. */
export const ORDER_TYPES: Readonly<Record<OrderKind, Record<string, Field[]>>> = {
  app: {
    AppOrder: fields(
      "uint256 app,uint128 price,uint256 volume,uint40 expiry,uint256 counter,bytes32 salt," +
        "uint256 onlyDataset,uint256 onlyPool,address onlyRequester",
    ),
  },
  dataset: {
    DatasetOrder: fields(
      "uint256 dataset,uint128 price,uint256 volume,uint40 expiry,uint256 counter,bytes32 salt," +
        "uint256 onlyApp,uint256 onlyPool,address onlyRequester",
    ),
  },
  pool: {
    PoolOrder: fields(
      "uint256 pool,uint128 price,uint256 volume,uint40 expiry,uint256 counter,bytes32 salt," +
        "uint256 onlyApp,uint256 onlyDataset,address onlyRequester,uint8 category,uint32 maxTrust," +
        "bytes32 capabilities,uint8 lane,uint16 workerStake,uint16 schedulerShare,uint16 grace",
    ),
  },
  request: {
    RequestOrder: fields(
      "uint256 app,uint256 dataset,uint256 pool,uint128 maxAppPrice,uint128 maxDatasetPrice,uint128 maxPoolPrice," +
        "address requester,address payer,address beneficiary,address callback,uint32 trust,uint8 maxWeight," +
        "uint8 category,bytes32 requirements,bytes32 paramsHash,uint32 volume,uint256 nonce,uint40 expiry",
    ),
  },
};

/** The order's hash: its EIP-712 digest, which is what gets signed, consumed, approved and cancelled. */
export function orderHash<K extends OrderKind>(kind: K, order: OrderByKind[K], domain: SigningDomain): Hash {
  return TypedDataEncoder.hash(domain, ORDER_TYPES[kind], order) as Hash;
}
