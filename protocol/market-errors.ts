import { GridmillError } from "./errors.ts";

/** The market holds no params of this hash: they have to be put there before the request that names them. */
export class ParamsUnknownError extends GridmillError {
  readonly code = "GM_PARAMS_UNKNOWN";
  readonly retryable = false;
}

/** No combination of active orders fits the request; `details` has the quote. */
export class NoOfferError extends GridmillError {
  readonly code = "GM_NO_OFFER";
  readonly retryable = true;
}

/** One signer may have only so many open orders in the book. */
export class TooManyOrdersError extends GridmillError {
  readonly code = "GM_TOO_MANY_ORDERS";
  readonly retryable = false;
}

/** An amount is so large that it could never be paid: more than all MILL there is. */
export class OrderPriceError extends GridmillError {
  readonly code = "GM_ORDER_PRICE";
  readonly retryable = false;
}

/** The market did not answer, or answered with something that no market says. */
export class MarketUnreachableError extends GridmillError {
  readonly code = "GM_MARKET_UNREACHABLE";
  readonly retryable = true;
}
