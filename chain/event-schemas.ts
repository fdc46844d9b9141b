import { z } from "zod";

import { PackedDealSchema } from "../protocol/deal.ts";
import { AddressSchema, HashSchema, HexSchema, smallUintSchema, uintSchema } from "../protocol/primitives.ts";

const uint256 = uintSchema(256);
const index = smallUintSchema(32);
/** Number of tasks. */
const tasks = smallUintSchema(32);
const lane = smallUintSchema(8);
const time = smallUintSchema(40);
const epoch = uintSchema(64).transform(Number);
/** A change of a balance, in wei. */
const change = z.bigint();
const leaves = z.array(HashSchema);
/** `word` is the seal, or the digest. */
const keptVotes = z.array(z.object({ worker: AddressSchema, isSealed: z.boolean(), word: HashSchema }));

/**
 * What each event carries, by its name in the contracts: parsed by these at the door, so that addresses are lower case,
 * amounts (wei) bigint, and counts and times (Unix seconds) numbers.
 */
export const EVENT_SCHEMAS = {
  // Marketplace
  DealOpened: z.object({ dealId: HashSchema, pool: uint256, requester: AddressSchema, deal: PackedDealSchema }),
  OrdersMatched: z.object({
    appOrder: HashSchema,
    /** Zero where the deals have no dataset. */
    datasetOrder: HashSchema,
    poolOrder: HashSchema,
    /** Of all deals opened in the call. */
    volume: uint256,
  }),
  /** A batch passed the request over; the problem is an encoded error. */
  RequestSkipped: z.object({ requester: AddressSchema, requestHash: HashSchema, problem: HexSchema }),
  /** In wei. */
  AllowanceSet: z.object({ payer: AddressSchema, requester: AddressSchema, amount: uint256 }),
  OrderApproved: z.object({ signer: AddressSchema, orderHash: HashSchema }),
  OrderCancelled: z.object({ signer: AddressSchema, orderHash: HashSchema }),
  CounterRaised: z.object({ signer: AddressSchema, counter: uint256 }),
  // Hub
  Sealed: z.object({ pool: uint256, lane, epoch, leaves }),
  EpochSettled: z.object({ pool: uint256, lane, epoch }),
  TaskSettled: z.object({ dealId: HashSchema, index, digest: HashSchema }),
  TaskSkipped: z.object({ taskId: HashSchema, reason: smallUintSchema(8) }),
  TaskKept: z.object({ dealId: HashSchema, index, votes: keptVotes }),
  VoteWithheld: z.object({ taskId: HashSchema, worker: AddressSchema }),
  VoteOpened: z.object({ taskId: HashSchema, worker: AddressSchema, digest: HashSchema, secret: HashSchema }),
  DealDeclined: z.object({ dealId: HashSchema, tasks }),
  DealClaimed: z.object({ dealId: HashSchema, tasks }),
  CallbackFailed: z.object({ dealId: HashSchema, index }),
  Bonded: z.object({ worker: AddressSchema, amount: uint256 }),
  Unbonding: z.object({ worker: AddressSchema, amount: uint256, readyAt: time }),
  BondWithdrawn: z.object({ worker: AddressSchema, amount: uint256 }),
  Slashed: z.object({ worker: AddressSchema, amount: uint256 }),
  // Escrow
  Deposited: z.object({ account: AddressSchema, from: AddressSchema, amount: uint256 }),
  Withdrawn: z.object({ account: AddressSchema, to: AddressSchema, amount: uint256 }),
  Posted: z.object({ account: AddressSchema, available: change, locked: change }),
  Locked: z.object({ account: AddressSchema, amount: uint256 }),
  Burned: z.object({ amount: uint256 }),
  // Registries
  AppRegistered: z.object({ id: uint256, owner: AddressSchema, reference: z.string(), digest: HashSchema }),
  DatasetRegistered: z.object({
    id: uint256,
    owner: AddressSchema,
    reference: z.string(),
    digest: HashSchema,
    encrypted: z.boolean(),
  }),
  PoolRegistered: z.object({ id: uint256, owner: AddressSchema, operator: AddressSchema, endpoint: z.string() }),
  PoolOperatorChanged: z.object({ id: uint256, operator: AddressSchema }),
  PoolEndpointChanged: z.object({ id: uint256, endpoint: z.string() }),
  /** `Transfer` of one of the three registries; `from` is zero when it was registered. */
  AssetTransferred: z.object({
    asset: z.enum(["app", "dataset", "pool"]),
    from: AddressSchema,
    to: AddressSchema,
    id: uint256,
  }),
} as const;
