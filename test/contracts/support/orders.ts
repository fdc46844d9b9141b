import type { Result } from "ethers";

import { signOrder } from "../../../chain/sign.ts";
import { packResources, NO_RESOURCES } from "../../../protocol/capabilities.ts";
import { PackedDealSchema, dealIdOf } from "../../../protocol/deal.ts";
import type { Deal } from "../../../protocol/deal.ts";
import type { AppOrder, DatasetOrder, OrderByKind, PoolOrder, RequestOrder, Signed } from "../../../protocol/orders.ts";
import { UNLIMITED, ZERO_ADDRESS, ZERO_HASH } from "../../../protocol/primitives.ts";
import type { Address, Hash } from "../../../protocol/primitives.ts";
import { ethers } from "./chain.ts";
import type { Account } from "./chain.ts";
import { APP, DATASET, LANE, MILL, POOL } from "./market.ts";
import type { Market } from "./market.ts";

export const APP_PRICE = 10n * MILL;
export const DATASET_PRICE = 5n * MILL;
export const POOL_PRICE = 100n * MILL;
/** 30 % of the pool price. */
export const POOL_STAKE = 30n * MILL;
/** 20 % of the pool price. */
export const WORKER_STAKE = 20n * MILL;
/** Seconds. */
export const FOREVER = 2 ** 40 - 1;

export const CALLBACK_CAPABILITY = packResources({ ...NO_RESOURCES, cpuMillicores: 4_000, flags: ["callback"] });

export type Orders = OrderByKind;
export type SignedOrders = { readonly [K in keyof Orders]: Signed<Orders[K]> };
/** What a test changes of the usual four orders. */
export type Changes = { readonly [K in keyof Orders]?: Partial<Orders[K]> };
export type OpenedDeal = { readonly deal: Deal; readonly dealId: Hash };

export const addressOf = (account: Account): Address => account.address.toLowerCase() as Address;

const ASK = { volume: UNLIMITED, expiry: FOREVER, counter: 0n, salt: ZERO_HASH, onlyRequester: ZERO_ADDRESS };

let lastNonce = 0n;

/** Four orders that match, for one task without dataset, with these changes. */
export function ordersOf(market: Market, changes: Changes = {}): Orders {
  const app: AppOrder = { ...ASK, app: APP, price: APP_PRICE, onlyDataset: 0n, onlyPool: 0n };
  const dataset: DatasetOrder = { ...ASK, dataset: DATASET, price: DATASET_PRICE, onlyApp: 0n, onlyPool: 0n };
  const pool: PoolOrder = {
    ...ASK,
    pool: POOL,
    price: POOL_PRICE,
    onlyApp: 0n,
    onlyDataset: 0n,
    category: 0,
    maxTrust: 1_000,
    capabilities: ZERO_HASH,
    lane: LANE,
    workerStake: 2_000,
    schedulerShare: 1_000,
    grace: 0,
  };
  return {
    app: { ...app, ...changes.app },
    dataset: { ...dataset, ...changes.dataset },
    pool: { ...pool, ...changes.pool },
    request: { ...requestOf(market), ...changes.request },
  };
}

function requestOf(market: Market): RequestOrder {
  return {
    app: APP,
    dataset: 0n,
    pool: 0n,
    maxAppPrice: APP_PRICE,
    maxDatasetPrice: DATASET_PRICE,
    maxPoolPrice: POOL_PRICE,
    requester: addressOf(market.requester),
    payer: addressOf(market.requester),
    beneficiary: addressOf(market.requester),
    callback: ZERO_ADDRESS,
    trust: 3,
    maxWeight: 16,
    category: 0,
    requirements: ZERO_HASH,
    paramsHash: ethers.id("{}") as Hash,
    volume: 1,
    nonce: ++lastNonce,
    expiry: FOREVER,
  };
}

/** Who signs the usual orders. */
export function signerOf(market: Market, kind: keyof Orders): Account {
  const { appOwner, datasetOwner, poolOwner, requester } = market;
  return { app: appOwner, dataset: datasetOwner, pool: poolOwner, request: requester }[kind];
}

/** Signed by those who usually own the assets. */
export async function signedOrders(market: Market, orders: Orders): Promise<SignedOrders> {
  const { appOwner, datasetOwner, poolOwner, requester, orderDomain } = market;
  return {
    app: { order: orders.app, signature: await signOrder("app", orders.app, appOwner, orderDomain) },
    dataset: {
      order: orders.dataset,
      signature: await signOrder("dataset", orders.dataset, datasetOwner, orderDomain),
    },
    pool: { order: orders.pool, signature: await signOrder("pool", orders.pool, poolOwner, orderDomain) },
    request: { order: orders.request, signature: await signOrder("request", orders.request, requester, orderDomain) },
  };
}

/** Matches, without looking at the outcome. */
export async function match(market: Market, signed: SignedOrders) {
  return market.marketplace
    .connect(market.stranger)
    .matchOrders(signed.app, signed.dataset, signed.pool, signed.request);
}

/** Signs the usual orders with these changes and matches them, without looking at the outcome. */
export async function matchWith(market: Market, changes: Changes = {}) {
  return match(market, await signedOrders(market, ordersOf(market, changes)));
}

/** The same, and the deal that came of it. */
export async function openDeal(market: Market, changes: Changes = {}): Promise<OpenedDeal> {
  return openedBy(market, await matchWith(market, changes));
}

/** The deal that a transaction opened. */
export async function openedBy(market: Market, transaction: Awaited<ReturnType<typeof match>>): Promise<OpenedDeal> {
  const { blockNumber } = (await transaction.wait())!;
  const [event] = await market.marketplace.queryFilter(market.marketplace.filters.DealOpened(), blockNumber);
  const deal = PackedDealSchema.parse((event!.args.deal as unknown as Result).toObject());
  return { deal, dealId: dealIdOf(deal) };
}
