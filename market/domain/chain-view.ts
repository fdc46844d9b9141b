import type { Address, Hash, Hex } from "../../protocol/primitives.ts";

/** What can be offered in an ask. */
export const ASSET_KINDS = ["app", "dataset", "pool"] as const;
export type AssetKind = (typeof ASSET_KINDS)[number];

/** An app, dataset or pool as its registry has it; the fields that a kind does not have are absent. */
export type ChainAsset = {
  readonly owner: Address;
  readonly reference?: string;
  readonly digest?: Hash;
  readonly encrypted?: boolean;
  readonly operator?: Address;
  readonly endpoint?: string;
};

type Balance = { readonly available: bigint; readonly locked: bigint };

/**
 * What the market asks the chain. Every answer is the newest block's. A node that fails makes the call throw:
 * "unknown" is never turned into zero, or the market would close good orders.
 */
export interface ChainView {
  /** Number of the newest block. */
  head(): Promise<number>;
  /** Time of the newest block in Unix seconds. */
  time(): Promise<number>;
  /** Undefined when the id is not registered. */
  asset(kind: AssetKind, id: bigint): Promise<ChainAsset | undefined>;
  /** What asks of this signer must carry. */
  counter(signer: Address): Promise<bigint>;
  balance(account: Address): Promise<Balance>;
  /** Tasks used of an ask of limited volume; {@link CONSUMED_ALL} when it was cancelled. */
  consumed(signer: Address, orderHash: Hash): Promise<bigint>;
  nonceUsed(requester: Address, nonce: bigint): Promise<boolean>;
  /** Wei that the payer still allows the requester to spend. */
  allowance(payer: Address, requester: Address): Promise<bigint>;
  /** What `Marketplace` would say of this signature: by key, by ERC-1271, or by approval on chain. */
  signedBy(signer: Address, orderHash: Hash, signature: Hex): Promise<boolean>;
}

/** How the chain marks a cancelled ask. */
export const CONSUMED_ALL = 2n ** 256n - 1n;
