import { GridmillError } from "./errors.ts";

/** What is wrong with an order or with four orders together, whether the market sees it first or `Marketplace` does. */

/** The signature is not that of the account which has to sign, and that account has not approved the order on chain. */
export class OrderSignatureError extends GridmillError {
  readonly code = "GM_ORDER_SIGNATURE";
  readonly retryable = false;
}

/** The order's expiry has passed. */
export class OrderExpiredError extends GridmillError {
  readonly code = "GM_ORDER_EXPIRED";
  readonly retryable = false;
}

/** The volume of an ask is used up, or less is left of it than the request wants. */
export class OrderExhaustedError extends GridmillError {
  readonly code = "GM_ORDER_EXHAUSTED";
  readonly retryable = false;
}

/** The signer cancelled the order, by itself or with all others (its counter is no longer the signer's). */
export class OrderCancelledError extends GridmillError {
  readonly code = "GM_ORDER_CANCELLED";
  readonly retryable = false;
}

/** Who signed the ask does not own the asset (any more), or the requester of the order is not its signer. */
export class OrderNotOwnerError extends GridmillError {
  readonly code = "GM_ORDER_NOT_OWNER";
  readonly retryable = false;
}

/** The nonce of a request was used: it was matched before, or cancelled. */
export class OrderReplayedError extends GridmillError {
  readonly code = "GM_ORDER_REPLAYED";
  readonly retryable = false;
}

/** The four orders do not fit together; `details.clauses` says where. */
export class OrderMismatchError extends GridmillError {
  readonly code = "GM_ORDER_MISMATCH";
  readonly retryable = false;
}

/** The payer's deposit, or the pool owner's stake, does not cover what the order would lock. */
export class NoFundsError extends GridmillError {
  readonly code = "GM_NO_FUNDS";
  readonly retryable = true;
}

/** The payer of a request allows its requester less than the request may cost, or nothing at all. */
export class AllowanceLowError extends GridmillError {
  readonly code = "GM_ALLOWANCE_LOW";
  readonly retryable = true;
}

/** An order names an app, dataset or pool that is not registered. */
export class AssetUnknownError extends GridmillError {
  readonly code = "GM_ASSET_UNKNOWN";
  readonly retryable = false;
}
