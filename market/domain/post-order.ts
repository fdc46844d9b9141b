import { formatMill } from "../../protocol/amounts.ts";
import type { Clock } from "../../protocol/clock.ts";
import type { BookOrder } from "../../protocol/market-api.ts";
import { OrderPriceError, ParamsUnknownError, TooManyOrdersError } from "../../protocol/market-errors.ts";
import {
  AssetUnknownError,
  OrderCancelledError,
  OrderExhaustedError,
  OrderExpiredError,
  OrderNotOwnerError,
  OrderReplayedError,
  OrderSignatureError,
} from "../../protocol/order-errors.ts";
import { orderHash } from "../../protocol/orders.ts";
import type { OrderByKind, OrderKind, RequestOrder, Signed, SigningDomain } from "../../protocol/orders.ts";
import type { Address, Hash, Hex } from "../../protocol/primitives.ts";

import { CONSUMED_ALL } from "./chain-view.ts";
import type { ChainFacts } from "./chain-facts.ts";
import type { ChainView } from "./chain-view.ts";
import { TOTAL_SUPPLY, fixedSigner, orderTerms } from "./order-terms.ts";
import type { OrderTerms } from "./order-terms.ts";
import type { Book, ParamsStore } from "./ports.ts";

/** Most orders of one signer that may be open at a time. */
export const MAX_OPEN_ORDERS = 1_000;

export type PostOrderDeps = {
  readonly domain: SigningDomain;
  readonly chain: ChainView;
  readonly facts: ChainFacts;
  readonly book: Book;
  readonly params: ParamsStore;
  /** The chain's time. */
  readonly clock: Clock;
  /** Who an ECDSA signature of this hash is of; undefined when it is none. */
  readonly recover: (hash: Hash, signature: Hex) => Address | undefined;
};

export type Posted = { readonly created: boolean; readonly order: BookOrder };

/**
 * Takes a signed order into the book, once. What can never become right is refused with its own code; what may (money,
 * an allowance, an asset on its way) is taken in as inactive, with the reason.
 * @throws the order errors, OrderPriceError, ParamsUnknownError, TooManyOrdersError
 */
export async function postOrder<K extends OrderKind>(
  deps: PostOrderDeps,
  kind: K,
  signed: Signed<OrderByKind[K]>,
): Promise<Posted> {
  const hash = orderHash(kind, signed.order, deps.domain);
  const known = await deps.book.find(hash);
  if (known) return { created: false, order: known };

  const terms = orderTerms(kind, signed.order);
  checkTerms(terms, deps.clock.now());
  if (kind === "request") await checkParams(deps, signed.order as RequestOrder);
  const signer = fixedSigner(kind, signed.order) ?? (await ownerOf(deps, terms));
  await checkSignature(deps, terms, { signer, hash, signature: signed.signature });
  await checkUnused(deps, terms, signer, hash);
  await checkLimit(deps.book, signer);

  await deps.book.insert({ kind, hash, signer, signed, terms, postedAt: deps.clock.now() });
  await learn(deps, kind, hash, signer, terms);
  return { created: true, order: (await deps.book.find(hash))! };
}

/** After the insert, so that nothing which happens meanwhile is missed: the follower knows the order by then. */
async function learn(
  deps: PostOrderDeps,
  kind: OrderKind,
  hash: Hash,
  signer: Address,
  terms: OrderTerms,
): Promise<void> {
  const { nonce, payer } = terms;
  const since = 0; // no event made us ask: what the node has is the best there is
  await Promise.all([
    deps.facts.account(payer ?? signer, since),
    ...(payer === undefined ? [] : [deps.facts.allowance({ payer, requester: signer }, since)]),
    deps.facts.use({ kind, hash, signer, ...(nonce === undefined ? {} : { nonce }) }, since),
    ...terms.assets.map((asset) => deps.facts.asset(asset, since)),
  ]);
  await deps.book.judge({ by: "hash", hash }, deps.clock.now());
}

function checkTerms({ price, expiry, volume }: OrderTerms, now: number): void {
  if (now > expiry) {
    throw new OrderExpiredError(`The order was valid until ${expiry}, and the chain's time is ${now}`, {
      hint: "Sign it again with a later expiry",
    });
  }
  if (volume === 0n) throw new OrderExhaustedError("The order is for no task at all");
  if (price > TOTAL_SUPPLY) {
    throw new OrderPriceError(`${formatMill(price)} MILL a task is more than there is`, {
      hint: "Prices are in wei; state a maximum that you would pay",
      details: { price },
    });
  }
}

async function checkParams({ params }: PostOrderDeps, { paramsHash }: RequestOrder): Promise<void> {
  if (await params.has(paramsHash)) return;
  throw new ParamsUnknownError(`The market holds no params with hash ${paramsHash}`, {
    hint: "Put them there first: PUT /params with their exact bytes",
    details: { paramsHash },
  });
}

/** The owner of what an ask offers, after looking that everything the order names is registered. */
async function ownerOf({ chain }: PostOrderDeps, terms: OrderTerms): Promise<Address> {
  const [own] = terms.assets;
  const asset = await chain.asset(own.kind, own.id);
  if (!asset) throw unknownAsset(own.kind, own.id);
  return asset.owner;
}

function unknownAsset(kind: string, id: bigint): AssetUnknownError {
  return new AssetUnknownError(`There is no ${kind} ${id}`, {
    hint: `Register it, or check the id: gridmill ${kind === "pool" ? "order list pool" : `${kind} list`}`,
  });
}

type Claim = { readonly signer: Address; readonly hash: Hash; readonly signature: Hex };

async function checkSignature(
  deps: PostOrderDeps,
  terms: OrderTerms,
  { signer, hash, signature }: Claim,
): Promise<void> {
  if (terms.nonce !== undefined) await checkRegistered(deps, terms);
  const recovered = deps.recover(hash, signature);
  if (recovered === signer || (await deps.chain.signedBy(signer, hash, signature))) return;
  const [{ kind, id }] = terms.assets;
  if (terms.nonce === undefined && recovered && (await deps.book.wasOwner(kind, id, recovered))) {
    throw new OrderNotOwnerError(`${recovered} signed the order, but ${kind} ${id} belongs to ${signer} now`);
  }
  throw new OrderSignatureError(`The signature is not of ${signer}`, {
    hint: "Sign exactly this order with the key of that account, or approve it on chain and send an empty signature",
    details: { signer, hash },
  });
}

async function checkRegistered({ chain }: PostOrderDeps, { assets }: OrderTerms): Promise<void> {
  for (const { kind, id } of assets) {
    if (!(await chain.asset(kind, id))) throw unknownAsset(kind, id);
  }
}

async function checkUnused({ chain }: PostOrderDeps, terms: OrderTerms, signer: Address, hash: Hash): Promise<void> {
  if (terms.nonce !== undefined) return checkNonce(await chain.nonceUsed(signer, terms.nonce), terms.nonce);
  const [counter, consumed] = await Promise.all([chain.counter(signer), chain.consumed(signer, hash)]);
  if (terms.counter !== counter) {
    throw new OrderCancelledError(`The order carries counter ${terms.counter}, its signer's is ${counter}`, {
      hint: "Sign it again with the current counter",
    });
  }
  if (consumed === CONSUMED_ALL) throw new OrderCancelledError("Its signer cancelled the order");
  if (consumed >= terms.volume) throw new OrderExhaustedError(`All ${terms.volume} tasks of the order are used`);
}

function checkNonce(used: boolean, nonce: bigint): void {
  if (!used) return;
  throw new OrderReplayedError(`Nonce ${nonce} was matched or cancelled before`, {
    hint: "Sign it with another nonce",
  });
}

async function checkLimit(book: Book, signer: Address): Promise<void> {
  const open = await book.countOpen(signer);
  if (open < MAX_OPEN_ORDERS) return;
  throw new TooManyOrdersError(`${signer} has ${open} open orders, the most that one signer may have`, {
    hint: "Cancel some (cancelAll takes all back at once), or wait until they expire",
  });
}
