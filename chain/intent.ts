import { z } from "zod";

import { toJson } from "../protocol/json.ts";
import { AddressSchema, HashSchema, uintSchema } from "../protocol/primitives.ts";
import type { Address, Hash, Hex } from "../protocol/primitives.ts";
import { StateFileError } from "./errors.ts";

/** A contract call that is to be sent. */
export type Call = {
  /** Absent: `data` creates a contract. */
  readonly to?: Address;
  readonly data: Hex;
  /** Wei of the chain's own currency. Default 0. */
  readonly value?: bigint;
  /** Default: estimated, with a reserve. */
  readonly gasLimit?: bigint;
  /** Gas on top of what is estimated, for what may use more of it than in a simulation. Default 0. */
  readonly extraGas?: bigint;
};

/** A log as a contract wrote it; `decodeLog` of `events.ts` reads it. */
export type RawLog = {
  readonly address: Address;
  readonly topics: readonly Hash[];
  readonly data: Hex;
  readonly blockNumber: number;
  readonly blockHash: Hash;
  readonly transactionHash: Hash;
  readonly logIndex: number;
};

/** A transaction that is as deep in the chain as was asked for. */
export type Receipt = {
  readonly hash: Hash;
  readonly blockNumber: number;
  readonly blockHash: Hash;
  readonly gasUsed: bigint;
  /** Wei per gas. */
  readonly effectiveGasPrice: bigint;
  readonly logs: readonly RawLog[];
};

/** One signed form of an intent's transaction; a later one pays more for the same nonce. */
export type SignedAttempt = {
  readonly hash: Hash;
  readonly raw: Hex;
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
  /** Unix milliseconds. */
  readonly signedAt: number;
};

/**
 * - `open`       signed, perhaps broadcast, not yet final: the sender follows it, also after a restart
 * - `succeeded`  final
 * - `reverted`   final: mined, but the contract refused
 */
type IntentState = "open" | "succeeded" | "reverted";

/** All that is known of one intent. What identifies a transaction is what it is for: the intent's id. */
export type Intent = {
  readonly id: string;
  readonly nonce: number;
  readonly call: Call;
  readonly gasLimit: bigint;
  /** At least one, the oldest first; any of them may be the one that is mined. */
  readonly attempts: readonly SignedAttempt[];
  readonly state: IntentState;
  /** Set when final. */
  readonly receipt: Receipt | undefined;
  /** Set when reverted: what the contract said, as far as the node can still tell. */
  readonly revertData: Hex | undefined;
  /** Grows by one with every update. */
  readonly revision: number;
};

const wei = uintSchema(256);
const hex = z
  .string()
  .regex(/^0x(?:[0-9a-f]{2})*$/)
  .transform((text) => text as Hex);
const block = z.int().nonnegative();

const CallSchema = z.strictObject({
  to: AddressSchema.optional(),
  data: hex,
  value: wei.optional(),
  gasLimit: wei.optional(),
  extraGas: wei.optional(),
});

const RawLogSchema = z.strictObject({
  address: AddressSchema,
  topics: z.array(HashSchema),
  data: hex,
  blockNumber: block,
  blockHash: HashSchema,
  transactionHash: HashSchema,
  logIndex: z.int().nonnegative(),
});

const ReceiptSchema = z.strictObject({
  hash: HashSchema,
  blockNumber: block,
  blockHash: HashSchema,
  gasUsed: wei,
  effectiveGasPrice: wei,
  logs: z.array(RawLogSchema),
});

const AttemptSchema = z.strictObject({
  hash: HashSchema,
  raw: hex,
  maxFeePerGas: wei,
  maxPriorityFeePerGas: wei,
  signedAt: z.int(),
});

const IntentSchema = z.strictObject({
  id: z.string(),
  nonce: z.int().nonnegative(),
  call: CallSchema,
  gasLimit: wei,
  attempts: z.array(AttemptSchema).min(1),
  state: z.enum(["open", "succeeded", "reverted"]),
  receipt: ReceiptSchema.optional(),
  revertData: hex.optional(),
  revision: z.int().nonnegative(),
});

/** An intent as journals store it: one JSON text. */
export function encodeIntent(intent: Intent): string {
  return toJson(intent);
}

/** @throws StateFileError when the text is not one that {@link encodeIntent} made; `where` names its place */
export function decodeIntent(text: string, where: string): Intent {
  try {
    // Under exactOptionalPropertyTypes a field that is absent and one that is undefined differ in type only.
    const { receipt, revertData, ...intent } = IntentSchema.parse(JSON.parse(text));
    return { ...intent, call: intent.call as Call, receipt, revertData };
  } catch (error) {
    throw new StateFileError(`A journal entry is damaged: ${where}`, {
      cause: error,
      details: { where },
      hint: "Restore it from a backup; deleting it may send its transaction a second time",
    });
  }
}
