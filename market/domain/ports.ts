import type { Deal } from "../../protocol/deal.ts";
import type { BookOrder } from "../../protocol/market-api.ts";
import type { OrderByKind, OrderKind, Signed } from "../../protocol/orders.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";

import type { AssetKind, ChainAsset } from "./chain-view.ts";
import type { OrderTerms } from "./order-terms.ts";

/** An order that passed every check. */
export type NewOrder<K extends OrderKind = OrderKind> = {
  readonly kind: K;
  readonly hash: Hash;
  readonly signer: Address;
  readonly signed: Signed<OrderByKind[K]>;
  readonly terms: OrderTerms;
  readonly postedAt: number;
};

/** How much of a payer's money a requester may spend: a fact that two accounts name. */
export type AllowanceRef = { readonly payer: Address; readonly requester: Address };

/** Orders that one fact concerns. */
export type OrderSelector =
  | { readonly by: "hash"; readonly hash: Hash }
  /** Those that the account has signed, and those that it pays. */
  | { readonly by: "account"; readonly account: Address }
  | { readonly by: "asset"; readonly asset: AssetKind; readonly id: bigint }
  | { readonly by: "expiry" };

/** What names an order on chain. */
export type OrderName = {
  readonly hash: Hash;
  readonly kind: OrderKind;
  readonly signer: Address;
  readonly nonce?: bigint;
};

/**
 * The order book. Facts of the chain are stored as they are read, each with a block not older than itself; what they
 * mean for an order is computed by `order-state.ts` and only that is shown.
 */
export interface Book {
  find(hash: Hash): Promise<BookOrder | undefined>;
  /** Orders of this signer that are active or inactive. */
  countOpen(signer: Address): Promise<number>;
  /** Inactive until its facts are stored and {@link Book.judge} has been called. Does nothing when the hash is there. */
  insert(order: NewOrder): Promise<void>;
  saveAccount(
    account: Address,
    facts: { readonly counter: bigint; readonly available: bigint },
    block: number,
  ): Promise<void>;
  /** `undefined`: not registered (any more). */
  saveAsset(kind: AssetKind, id: bigint, asset: ChainAsset | undefined, block: number): Promise<void>;
  saveUse(hash: Hash, use: { readonly consumed: bigint; readonly nonceUsed: boolean }, block: number): Promise<void>;
  /** In wei. */
  saveAllowance(allowance: AllowanceRef, amount: bigint, block: number): Promise<void>;
  /** Judges the selected orders again and tells the feed about those that changed. */
  judge(selector: OrderSelector, now: number): Promise<void>;
  knowsAccount(account: Address): Promise<boolean>;
  knowsAllowance(allowance: AllowanceRef): Promise<boolean>;
  knownOrders(hashes: readonly Hash[]): Promise<readonly OrderName[]>;
  /** Requests of this requester that are still open. */
  openRequests(requester: Address): Promise<readonly OrderName[]>;
  /** What was read after this block, and so may hold what a rewind to it takes back. */
  touchedSince(block: number): Promise<{
    readonly orders: readonly OrderName[];
    readonly accounts: readonly Address[];
    readonly assets: readonly { readonly kind: AssetKind; readonly id: bigint }[];
    readonly allowances: readonly AllowanceRef[];
  }>;
  /** Whether this account owned the asset once. */
  wasOwner(kind: AssetKind, id: bigint, account: Address): Promise<boolean>;
  saveOwner(kind: AssetKind, id: bigint, account: Address): Promise<void>;
}

export type OpenedDeal = {
  readonly dealId: Hash;
  readonly deal: Deal;
  readonly blockNumber: number;
  readonly logIndex: number;
  readonly transactionHash: Hash;
};

/** Deals and their tasks. Each change carries its block, so that a rewind can take exactly it back. */
export interface Deals {
  open(deal: OpenedDeal): Promise<void>;
  settle(dealId: Hash, index: number, digest: Hash, block: number): Promise<void>;
  end(dealId: Hash, status: "declined" | "claimed", block: number): Promise<void>;
  rewind(toBlock: number): Promise<void>;
}

/** Params by their hash. */
export interface ParamsStore {
  has(hash: Hash): Promise<boolean>;
  put(hash: Hash, bytes: Uint8Array, now: number): Promise<void>;
  get(hash: Hash): Promise<Uint8Array | undefined>;
}
