import { signOrder } from "../chain/sign.ts";
import { UNLIMITED, ZERO_ADDRESS } from "../protocol/primitives.ts";
import type { Address, Hash } from "../protocol/primitives.ts";
import type { OrderByKind, OrderKind, Signed } from "../protocol/orders.ts";
import type { BookOrder } from "../protocol/market-api.ts";

import { accountOf } from "./grid-context.ts";
import type { GridContext } from "./grid-context.ts";
import { randomHash } from "./random.ts";

/** What may be said about any offer. Wei per task, tasks, seconds from now, and for whom it is. */
export type AskOptions = {
  readonly price: bigint;
  /** Default: unlimited, which is also the cheapest to match. */
  readonly volume?: bigint;
  /** Default: 30 days. */
  readonly expiresInSeconds?: number;
  readonly onlyRequester?: Address;
};

/** The fields that all asks share, as they are signed. */
type AskTerms = {
  readonly price: bigint;
  readonly volume: bigint;
  readonly expiry: number;
  readonly counter: bigint;
  readonly salt: Hash;
  readonly onlyRequester: Address;
};

const DEFAULT_SECONDS = 30 * 86_400;

/** Completes an offer's terms: expiry by the chain's clock, the signer's counter, a fresh salt. */
export async function askTerms(context: GridContext, options: AskOptions): Promise<AskTerms> {
  const { price, volume = UNLIMITED, expiresInSeconds = DEFAULT_SECONDS, onlyRequester = ZERO_ADDRESS } = options;
  const { reader } = context;
  const [now, counter] = await Promise.all([reader.now(), reader.counterOf(accountOf(context).address)]);
  return { price, volume, expiry: now + expiresInSeconds, counter, salt: randomHash(), onlyRequester };
}

/** Signs an order and puts it into the market's book. */
export async function signAndPost<K extends OrderKind>(
  context: GridContext,
  kind: K,
  order: OrderByKind[K],
): Promise<BookOrder<K>> {
  return await context.market.postOrder(kind, await signed(context, kind, order));
}

export async function signed<K extends OrderKind>(
  context: GridContext,
  kind: K,
  order: OrderByKind[K],
): Promise<Signed<OrderByKind[K]>> {
  const { signer } = accountOf(context);
  return { order, signature: await signOrder(kind, order, signer, context.reader.orderDomain) };
}
