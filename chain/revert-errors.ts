import { Interface } from "ethers";
import type { ErrorFragment } from "ethers";

import type { GridmillError, GridmillErrorOptions } from "../protocol/errors.ts";
import {
  AllowanceLowError,
  AssetUnknownError,
  NoFundsError,
  OrderCancelledError,
  OrderExhaustedError,
  OrderExpiredError,
  OrderMismatchError,
  OrderNotOwnerError,
  OrderReplayedError,
  OrderSignatureError,
} from "../protocol/order-errors.ts";
import type { Hex } from "../protocol/primitives.ts";
import { ChainRevertedError, NotOwnerError, TooEarlyError } from "./errors.ts";
import { INTERFACES } from "./interfaces.ts";
import { plainArgs } from "./plain.ts";

/** A custom error as a contract threw it; `args` by name, addresses lower case. */
type Revert = { readonly name: string; readonly args: Readonly<Record<string, unknown>> };

type ErrorClass = new (message: string, options: GridmillErrorOptions) => GridmillError;
type Meaning = { readonly is: ErrorClass; readonly says: string; readonly hint: string };

const mismatch = (says: string): Meaning => ({
  is: OrderMismatchError,
  says,
  hint: "Ask the market for a quote: it names the clause of each offer that does not fit",
});

const NOT_OWNER = "Use the key of the owner; the registry names it";
const noFunds = (says: string): Meaning => ({ is: NoFundsError, says, hint: "Deposit more MILL, then try again" });
const unknownAsset: Meaning = {
  is: AssetUnknownError,
  says: "There is no such asset",
  hint: "Check the id: it may not be registered on this chain",
};

/** Errors that users meet by a code of their own. All others are ChainRevertedError with the contract's own words. */
export const MEANINGS: Readonly<Record<string, Meaning>> = {
  MarketplaceBadSignature: {
    is: OrderSignatureError,
    says: "An order is not signed by the account that has to sign it",
    hint: "Sign it again; if the asset was sold, its new owner must sign",
  },
  MarketplaceOrderExpired: {
    is: OrderExpiredError,
    says: "An order has expired",
    hint: "Sign one that is valid for longer",
  },
  MarketplaceOrderExhausted: {
    is: OrderExhaustedError,
    says: "An order has too few tasks left, or was cancelled",
    hint: "Ask the market for another quote",
  },
  MarketplaceOrderRevoked: {
    is: OrderCancelledError,
    says: "The signer of an order has cancelled all orders of that time",
    hint: "Ask the market for another quote",
  },
  MarketplaceNonceUsed: {
    is: OrderReplayedError,
    says: "A request with this nonce was matched or cancelled before",
    hint: "Sign the request with a new nonce",
  },
  MarketplaceNotRequester: { is: OrderNotOwnerError, says: "Only the requester may cancel a request", hint: NOT_OWNER },
  MarketplaceAllowanceTooLow: {
    is: AllowanceLowError,
    says: "The payer of a request does not allow its requester to spend that much",
    hint: "Have the payer allow more: gridmill account allow ADDRESS MILL",
  },
  MarketplaceAppMismatch: mismatch("The request is for another app"),
  MarketplaceDatasetMismatch: mismatch("The request is for another dataset"),
  MarketplacePoolMismatch: mismatch("The request is for another pool"),
  MarketplacePriceTooHigh: mismatch("An order costs more than the request allows"),
  MarketplaceCategoryMismatch: mismatch("The pool offers another category"),
  MarketplaceCategoryUnknown: mismatch("There is no such category"),
  MarketplaceTrustTooLow: mismatch("A request asks for trust of at least 2"),
  MarketplaceTrustTooHigh: mismatch("The pool does not offer that much trust"),
  MarketplaceRequirementsUnmet: mismatch("The pool lacks something that the request requires"),
  MarketplaceAssetRestricted: mismatch("An order is only for another asset"),
  MarketplaceRequesterRestricted: mismatch("An order is only for another requester"),
  MarketplaceCallbackUnsupported: mismatch("The pool takes no tasks with a callback"),
  EscrowInsufficientBalance: noFunds("A balance in the escrow is too small"),
  HubBondTooSmall: noFunds("The bond is smaller than that"),
  ERC20InsufficientBalance: noFunds("The account has too little MILL"),
  ERC20InsufficientAllowance: {
    is: NoFundsError,
    says: "The escrow may not take that much MILL from the account",
    hint: "Approve the escrow for the amount first",
  },
  ERC721NonexistentToken: unknownAsset,
  ERC721IncorrectOwner: { is: NotOwnerError, says: "The asset has another owner", hint: NOT_OWNER },
  ERC721InsufficientApproval: { is: NotOwnerError, says: "The asset has another owner", hint: NOT_OWNER },
  PoolNotOwner: { is: NotOwnerError, says: "The pool has another owner", hint: NOT_OWNER },
  HubNotOperator: {
    is: NotOwnerError,
    says: "The pool has another operator",
    hint: "Use the operator's key, or have the pool's owner name this one",
  },
  HubClaimTooEarly: { is: TooEarlyError, says: "The deal may still be settled", hint: "Claim after that time" },
  HubBondNotReady: { is: TooEarlyError, says: "The bond is not free yet", hint: "Withdraw after that time" },
};

/** The errors of every language and standard, beside those in our ABIs. */
const BUILT_IN = ["error Error(string message)", "error Panic(uint256 code)"];

const ERRORS: ReadonlyMap<string, { readonly abi: Interface; readonly fragment: ErrorFragment }> = new Map(
  [...Object.values(INTERFACES), new Interface(BUILT_IN)].flatMap((abi) =>
    abi.fragments
      .filter((fragment): fragment is ErrorFragment => fragment.type === "error")
      .map((fragment) => [fragment.selector, { abi, fragment }] as const),
  ),
);

/** Reads revert data with the errors of all Gridmill contracts and OpenZeppelin; undefined when it is none of them. */
export function decodeRevert(data: Hex): Revert | undefined {
  const known = ERRORS.get(data.slice(0, 10));
  if (!known) return undefined;
  const { abi, fragment } = known;
  try {
    const args = plainArgs(fragment.inputs, abi.decodeErrorResult(fragment, data));
    return { name: fragment.name, args: Object.fromEntries(Object.entries(args).map(lowerCase)) };
  } catch {
    return undefined; // four bytes that happen to be ours, before something else
  }
}

/**
 * The error that users meet for a revert: one of the order errors, or ChainRevertedError.
 * `details` has `error` (the contract's name for it), `args` and `data`.
 */
export function revertError(data: Hex | undefined, cause?: unknown): GridmillError {
  const revert = data === undefined ? undefined : decodeRevert(data);
  const details = { error: revert?.name, args: revert?.args, data };
  const meaning = revert && MEANINGS[revert.name];
  if (meaning) return new meaning.is(meaning.says, { cause, details, hint: meaning.hint });
  return new ChainRevertedError(
    revert ? `The contract refused: ${spelled(revert)}` : "The contract refused without a reason",
    {
      cause,
      details,
      hint: revert ? "contracts/interfaces/ explains each error" : "It may have run out of gas",
    },
  );
}

function spelled({ name, args }: Revert): string {
  const values = Object.entries(args).map(([key, value]) => `${key} ${String(value)}`);
  return `${name}(${values.join(", ")})`;
}

function lowerCase([key, value]: [string, unknown]): [string, unknown] {
  return [key, typeof value === "string" && value.startsWith("0x") ? value.toLowerCase() : value];
}
