import { formatMill } from "../../protocol/amounts.ts";
import type { Offer, Quote, QuoteRequest, RefusedOffer } from "../../protocol/market-api.ts";
import type { AppOrder, DatasetOrder, PoolOrder, Signed } from "../../protocol/orders.ts";
import { ZERO_ADDRESS } from "../../protocol/primitives.ts";
import type { Hash } from "../../protocol/primitives.ts";

import { appClauses, datasetClauses, poolClauses } from "./matches.ts";
import type { Clause, Terms } from "./matches.ts";
import { poolStake } from "./order-terms.ts";

/** An active ask, and how many tasks it is still good for. */
export type Candidate<O> = Signed<O> & { readonly hash: Hash; readonly remaining: bigint };

export type PoolCandidate = Candidate<PoolOrder> & {
  /** Wei that the pool's owner can still stake. */
  readonly available: bigint;
  readonly endpoint: string;
};

/** What the book holds for a request; each list cheapest first. */
export type Candidates = {
  readonly apps: readonly Candidate<AppOrder>[];
  readonly datasets: readonly Candidate<DatasetOrder>[];
  readonly pools: readonly PoolCandidate[];
};

const MAX_OFFERS = 20;
const MAX_REFUSED = 50;
const NO_BOUND = 2n ** 128n - 1n;

/** The request's terms; a maximum that is not named does not bind. */
export function termsOf(request: QuoteRequest): Terms {
  const { maxPrices, volume: _volume, ...rest } = request;
  return {
    ...rest,
    maxAppPrice: maxPrices.app ?? NO_BOUND,
    maxDatasetPrice: maxPrices.dataset ?? NO_BOUND,
    maxPoolPrice: maxPrices.pool ?? NO_BOUND,
  };
}

/**
 * Best combinations first. Given a pool, the choices of app and dataset order do not depend on each other, so the cheapest
 * fitting one of each is the best.
 */
export function quoteOf(request: QuoteRequest, candidates: Candidates): Quote {
  const outcomes = candidates.pools.map((pool) => combine(request, pool, candidates));
  const offers = outcomes.flatMap(({ offer }) => (offer ? [offer] : []));
  const refused = [...refusedSides(request, candidates), ...outcomes.flatMap(({ refusal }) => refusal ?? [])];
  return {
    offers: offers.sort((a, b) => compare(a.perTask, b.perTask)).slice(0, MAX_OFFERS),
    refused: refused.slice(0, MAX_REFUSED),
    missing: missingSides(request, candidates),
  };
}

type Outcome = { readonly offer?: Offer; readonly refusal?: RefusedOffer };

function combine(request: QuoteRequest, pool: PoolCandidate, { apps, datasets }: Candidates): Outcome {
  const terms = termsOf(request);
  const own = [...poolClauses(pool.order, terms), ...volumeClauses(pool, request), ...stakeClauses(pool, request)];
  const app = apps.find((each) => appRefusals(each, request, pool.order.pool).length === 0);
  const dataset = datasets.find((each) => datasetRefusals(each, request, pool.order.pool).length === 0);
  const clauses = [
    ...own,
    ...(app ? [] : [{ clause: "no-app", message: `no order for app ${request.app} fits it` }]),
    ...(dataset || request.dataset === 0n ? [] : [{ clause: "no-dataset", message: "no dataset order fits it" }]),
  ];
  if (!app || clauses.length > 0) return { refusal: refusal("pool", pool.order.pool, pool, clauses) };
  return { offer: offerOf(request, app, request.dataset === 0n ? undefined : dataset, pool) };
}

function offerOf(
  request: QuoteRequest,
  app: Candidate<AppOrder>,
  dataset: Candidate<DatasetOrder> | undefined,
  pool: PoolCandidate,
): Offer {
  const prices = { app: app.order.price, dataset: dataset?.order.price ?? 0n, pool: pool.order.price };
  const perTask = prices.app + prices.dataset + prices.pool;
  return {
    app: signed(app),
    dataset: dataset ? signed(dataset) : null,
    pool: signed(pool),
    prices,
    perTask,
    total: perTask * BigInt(request.volume),
    endpoint: pool.endpoint,
    // A pool that could decline after computing could choose what the callback hears.
    grace: request.callback === ZERO_ADDRESS ? pool.order.grace : 0,
  };
}

function signed<O>({ order, signature }: Signed<O>): Signed<O> {
  return { order, signature };
}

function appRefusals(app: Candidate<AppOrder>, request: QuoteRequest, pool: bigint): readonly Clause[] {
  return [...appClauses(app.order, termsOf(request), pool), ...volumeClauses(app, request)];
}

function datasetRefusals(dataset: Candidate<DatasetOrder>, request: QuoteRequest, pool: bigint): readonly Clause[] {
  return [...datasetClauses(dataset.order, termsOf(request), pool), ...volumeClauses(dataset, request)];
}

function volumeClauses({ remaining }: { readonly remaining: bigint }, { volume }: QuoteRequest): readonly Clause[] {
  if (remaining >= BigInt(volume)) return [];
  return [{ clause: "volume", message: `it is good for ${remaining} more tasks, the request wants ${volume}` }];
}

function stakeClauses({ order, available }: PoolCandidate, { volume }: QuoteRequest): readonly Clause[] {
  const stake = poolStake(order.price, BigInt(volume));
  if (available >= stake) return [];
  const message = `its owner can stake ${formatMill(available)} MILL, ${volume} tasks need ${formatMill(stake)}`;
  return [{ clause: "stake", message }];
}

/** App and dataset orders that no pool would help, each with its own reasons. */
function refusedSides(request: QuoteRequest, { apps, datasets }: Candidates): readonly RefusedOffer[] {
  const pool = (only: bigint): bigint => (only === 0n ? request.pool : only);
  return [
    ...apps.flatMap((each) =>
      refusalOrNone("app", each.order.app, each, appRefusals(each, request, pool(each.order.onlyPool))),
    ),
    ...datasets.flatMap((each) =>
      refusalOrNone("dataset", each.order.dataset, each, datasetRefusals(each, request, pool(each.order.onlyPool))),
    ),
  ];
}

type Priced = { readonly hash: Hash; readonly order: { readonly price: bigint } };

function refusalOrNone(kind: RefusedOffer["kind"], asset: bigint, ask: Priced, clauses: readonly Clause[]) {
  return clauses.length === 0 ? [] : [refusal(kind, asset, ask, clauses)];
}

function refusal(
  kind: RefusedOffer["kind"],
  asset: bigint,
  { hash, order }: Priced,
  clauses: readonly Clause[],
): RefusedOffer {
  return { kind, hash, asset, price: order.price, clauses };
}

function missingSides(request: QuoteRequest, { apps, datasets, pools }: Candidates): readonly string[] {
  const pool =
    request.pool === 0n ? `nobody offers category ${request.category}` : `nobody offers pool ${request.pool}`;
  return [
    ...(apps.length === 0 ? [`nobody offers app ${request.app}`] : []),
    ...(request.dataset !== 0n && datasets.length === 0 ? [`nobody offers dataset ${request.dataset}`] : []),
    ...(pools.length === 0 ? [pool] : []),
  ];
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
