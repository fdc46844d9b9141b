import { MILL } from "../../protocol/amounts.ts";
import { BPS, POOL_STAKE_BPS } from "../../protocol/constants.ts";
import type { AppOrder, DatasetOrder, OrderByKind, OrderKind, PoolOrder, RequestOrder } from "../../protocol/orders.ts";
import type { Address } from "../../protocol/primitives.ts";

import type { AssetKind } from "./chain-view.ts";

/** All MILL there is, in wei: nobody can ever pay more. */
export const TOTAL_SUPPLY = 10_000_000_000n * MILL;

/** An app, dataset or pool, named. */
export type AssetRef = { readonly kind: AssetKind; readonly id: bigint };

/** What the book needs to know of an order whatever its kind: the columns by which it is found, sorted and judged. */
export type OrderTerms = {
  /** What an ask offers; of a request, the app that it wants. */
  readonly asset: bigint;
  /** What must be registered. The first is the one that the signer of an ask must own. */
  readonly assets: readonly [AssetRef, ...AssetRef[]];
  /** Wei per task; of a request, the most that it pays for everything. */
  readonly price: bigint;
  readonly volume: bigint;
  readonly expiry: number;
  /** Undefined for requests. */
  readonly counter: bigint | undefined;
  /** Undefined for asks. */
  readonly nonce: bigint | undefined;
  /** Wei that must be available for the next match: one task's stake of a pool, all that a request may cost. */
  readonly needs: bigint;
  readonly category: number | undefined;
  readonly paramsHash: string | undefined;
  /** Who pays for a request that its signer does not pay for itself. */
  readonly payer: Address | undefined;
};

/** Who has to sign: an ask is signed by its asset's owner, a request by its requester. */
export function fixedSigner(kind: OrderKind, order: OrderByKind[OrderKind]): Address | undefined {
  return kind === "request" ? (order as RequestOrder).requester : undefined;
}

/** What the pool's owner must be able to lock for `volume` tasks at `price` a task, in wei. */
export function poolStake(price: bigint, volume: bigint): bigint {
  return ((price * POOL_STAKE_BPS) / BPS) * volume;
}

/** The terms of an order of any kind. */
export function orderTerms<K extends OrderKind>(kind: K, order: OrderByKind[K]): OrderTerms {
  return TERMS[kind](order);
}

const TERMS: { readonly [K in OrderKind]: (order: OrderByKind[K]) => OrderTerms } = {
  app: (order) => askTerms({ kind: "app", id: order.app }, order),
  dataset: (order) => askTerms({ kind: "dataset", id: order.dataset }, order),
  pool: (order) => ({
    ...askTerms({ kind: "pool", id: order.pool }, order),
    needs: poolStake(order.price, 1n),
    category: order.category,
  }),
  request: requestTerms,
};

function askTerms(asset: AssetRef, order: AppOrder | DatasetOrder | PoolOrder): OrderTerms {
  const { price, volume, expiry, counter } = order;
  const none = { nonce: undefined, category: undefined, paramsHash: undefined, payer: undefined };
  return { asset: asset.id, assets: [asset], price, volume, expiry, counter, needs: 0n, ...none };
}

function requestTerms(order: RequestOrder): OrderTerms {
  const price = order.maxAppPrice + order.maxPoolPrice + (order.dataset === 0n ? 0n : order.maxDatasetPrice);
  const named = [
    { kind: "dataset", id: order.dataset },
    { kind: "pool", id: order.pool },
  ] as const;
  return {
    asset: order.app,
    assets: [{ kind: "app", id: order.app }, ...named.filter(({ id }) => id !== 0n)],
    price,
    volume: BigInt(order.volume),
    expiry: order.expiry,
    counter: undefined,
    nonce: order.nonce,
    needs: price * BigInt(order.volume),
    category: order.category,
    paramsHash: order.paramsHash,
    payer: order.payer === order.requester ? undefined : order.payer,
  };
}
