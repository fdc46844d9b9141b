import type { Address, Hash, Hex } from "../protocol/primitives.ts";

/** A contract call that is to be sent. */
export type Call = {
  readonly to: Address;
  readonly data: Hex;
  /** Wei of the chain's own currency. Default 0. */
  readonly value?: bigint;
  /** Default: estimated, with a reserve. */
  readonly gasLimit?: bigint;
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
export type IntentState = "open" | "succeeded" | "reverted";

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

/** What became of {@link SenderJournal.add}. */
export type Added =
  | { readonly kind: "added" }
  /** The id is known; nothing changed. */
  | { readonly kind: "known"; readonly intent: Intent }
  /** Another intent has this nonce; nothing changed. */
  | { readonly kind: "nonce-taken" };

/**
 * Where a sender writes down what it is about to do, before it does it. `scope` names one account on one chain.
 * Each method is one atomic and durable step: several processes may share a journal.
 */
export interface SenderJournal {
  get(scope: string, id: string): Promise<Intent | undefined>;
  /** All intents in state `open`, by ascending nonce. */
  open(scope: string): Promise<readonly Intent[]>;
  /** One more than the highest nonce that any intent ever had; 0 when there is none. */
  nextNonce(scope: string): Promise<number>;
  add(scope: string, intent: Intent): Promise<Added>;
  /** Replaces the intent of this id if its revision is still `intent.revision - 1`; returns whether it was. */
  update(scope: string, intent: Intent): Promise<boolean>;
  /** Forgets an intent that can never be mined, if its revision is still this one; returns whether it was. */
  remove(scope: string, id: string, revision: number): Promise<boolean>;
}
