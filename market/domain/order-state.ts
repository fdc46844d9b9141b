import { formatMill } from "../../protocol/amounts.ts";
import { codeOf } from "../../protocol/errors.ts";
import type { GridmillError } from "../../protocol/errors.ts";
import type { OrderReason, OrderStatus } from "../../protocol/market-api.ts";
import {
  AllowanceLowError,
  AssetUnknownError,
  NoFundsError,
  OrderCancelledError,
  OrderExhaustedError,
  OrderExpiredError,
  OrderNotOwnerError,
  OrderReplayedError,
} from "../../protocol/order-errors.ts";
import { UNLIMITED } from "../../protocol/primitives.ts";
import type { Address } from "../../protocol/primitives.ts";

import { CONSUMED_ALL } from "./chain-view.ts";

/** What of an order never changes and yet decides whether it can be matched. */
export type OrderCore = {
  readonly signer: Address;
  readonly volume: bigint;
  readonly expiry: number;
  readonly counter: bigint | undefined;
  readonly nonce: bigint | undefined;
  readonly needs: bigint;
  /** Who pays for a request that its signer does not pay for itself. */
  readonly payer: Address | undefined;
};

/** What the chain says about an order at one moment. */
export type OrderFacts = {
  /** Owner of the ask's asset, undefined when it is not registered; of a request, the requester. */
  readonly owner: Address | undefined;
  /** The signer's counter. */
  readonly counter: bigint;
  /** Tasks used of an ask. */
  readonly consumed: bigint;
  readonly nonceUsed: boolean;
  /** Whether there is a deal made from this request. */
  readonly matched: boolean;
  /** Wei that its payer has available, or else its signer. */
  readonly available: bigint;
  /** Wei that its payer allows its signer to spend; undefined where the signer pays. */
  readonly allowance: bigint | undefined;
};

type OrderState = { readonly status: OrderStatus; readonly problem: GridmillError | undefined };

/**
 * Where an order stands, from what the chain says and nothing else: so a reorganisation, a returned deposit or an asset
 * that comes back need no rules of their own. Final states come first; what may pass makes an order inactive.
 */
export function orderState(order: OrderCore, facts: OrderFacts, now: number): OrderState {
  const rules = order.nonce === undefined ? [askUsed, cancelledAll] : [requestUsed];
  for (const rule of [...rules, expired, notOwner, noAllowance, noFunds]) {
    const state = rule(order, facts, now);
    if (state) return state;
  }
  return { status: "active", problem: undefined };
}

/** Tasks that are left of it: of a request all or none. */
export function remainingOf({ volume, nonce }: OrderCore, { consumed, nonceUsed }: OrderFacts): bigint {
  if (nonce !== undefined) return nonceUsed ? 0n : volume;
  if (volume === UNLIMITED && consumed !== CONSUMED_ALL) return UNLIMITED;
  return volume > consumed ? volume - consumed : 0n;
}

/** The reason as it is stored and shown. */
export function reasonOf({ problem }: OrderState): OrderReason | null {
  return problem ? { code: codeOf(problem), message: problem.message } : null;
}

type Rule = (order: OrderCore, facts: OrderFacts, now: number) => OrderState | undefined;

const askUsed: Rule = (order, facts) => {
  if (facts.consumed === CONSUMED_ALL) {
    return { status: "cancelled", problem: new OrderCancelledError("Its signer cancelled it") };
  }
  if (facts.consumed < order.volume) return undefined;
  return { status: "filled", problem: new OrderExhaustedError(`All ${order.volume} tasks are used`) };
};

const cancelledAll: Rule = ({ counter }, facts) => {
  if (counter === facts.counter) return undefined;
  const message = `It carries counter ${counter}, its signer's is ${facts.counter}`;
  return { status: "cancelled", problem: new OrderCancelledError(message) };
};

const requestUsed: Rule = ({ nonce }, { nonceUsed, matched }) => {
  if (!nonceUsed) return undefined;
  if (matched) return { status: "filled", problem: new OrderExhaustedError("It was matched") };
  const message = `Nonce ${nonce} was cancelled, or used by another request`;
  return { status: "cancelled", problem: new OrderReplayedError(message) };
};

const expired: Rule = ({ expiry }, _facts, now) => {
  if (now <= expiry) return undefined;
  return { status: "expired", problem: new OrderExpiredError(`It was valid until ${expiry}, and it is ${now}`) };
};

const notOwner: Rule = ({ signer }, { owner }) => {
  if (owner === undefined) {
    return { status: "inactive", problem: new AssetUnknownError("What it offers is not registered") };
  }
  if (owner === signer) return undefined;
  return { status: "inactive", problem: new OrderNotOwnerError(`${signer} signed it, ${owner} owns what it offers`) };
};

/** Like `Marketplace`: who allows nothing pays for nothing, not even for what is free. */
const noAllowance: Rule = ({ signer, payer, needs }, { allowance }) => {
  if (allowance === undefined || (allowance !== 0n && allowance >= needs)) return undefined;
  const allowed = `${payer} allows ${signer} to spend ${formatMill(allowance)} MILL`;
  const problem = new AllowanceLowError(`${allowed}, and the request may cost ${formatMill(needs)}`, {
    hint: "Have the payer allow more: gridmill account allow ADDRESS MILL",
  });
  return { status: "inactive", problem };
};

const noFunds: Rule = ({ signer, payer = signer, needs, nonce }, { available }) => {
  if (available >= needs) return undefined;
  const what = nonce === undefined ? "to stake on the next task" : "to pay for it at its highest price";
  const problem = new NoFundsError(
    `${payer} has ${formatMill(available)} MILL available and needs ${formatMill(needs)} ${what}`,
    { hint: "gridmill account deposit" },
  );
  return { status: "inactive", problem };
};
