import { FLAGS, shortfalls } from "../../protocol/capabilities.ts";
import { formatMill } from "../../protocol/amounts.ts";
import type { AppOrder, DatasetOrder, PoolOrder, RequestOrder } from "../../protocol/orders.ts";
import { ZERO_ADDRESS } from "../../protocol/primitives.ts";
import type { Address } from "../../protocol/primitives.ts";

/** One rule that two orders break: a stable name, and what a person reads. */
export type Clause = { readonly clause: string; readonly message: string };

export type Match = { readonly ok: true } | { readonly ok: false; readonly failing: readonly Clause[] };

/** The part of a request that asks are compared with; a quote has it before anything is signed. */
export type Terms = Pick<
  RequestOrder,
  | "app"
  | "dataset"
  | "pool"
  | "maxAppPrice"
  | "maxDatasetPrice"
  | "maxPoolPrice"
  | "requester"
  | "callback"
  | "trust"
  | "category"
  | "requirements"
>;

/** `dataset` is undefined exactly when the request names none. */
export type Combination = {
  readonly app: AppOrder;
  readonly dataset: DatasetOrder | undefined;
  readonly pool: PoolOrder;
  readonly request: Terms;
};

/**
 * Whether the terms of four orders agree: the rules of `contracts/libraries/Matching.sol`, but all at once and in words.
 * Signatures, volumes, expiries and money are not terms; the book keeps them up to date.
 */
export function matches({ app, dataset, pool, request }: Combination): Match {
  const failing = [
    ...appClauses(app, request, pool.pool),
    ...(dataset === undefined ? noDataset(request) : datasetClauses(dataset, request, pool.pool)),
    ...poolClauses(pool, request),
  ];
  return failing.length === 0 ? { ok: true } : { ok: false, failing };
}

/** What keeps an app order from a request that runs in `pool`. */
export function appClauses(app: AppOrder, request: Terms, pool: bigint): readonly Clause[] {
  return [
    ...unless(app.app === request.app, "app", `it offers app ${app.app}, the request wants ${request.app}`),
    ...price("app-price", app.price, request.maxAppPrice),
    ...onlyAsset("app-only-dataset", "dataset", app.onlyDataset, request.dataset),
    ...onlyAsset("app-only-pool", "pool", app.onlyPool, pool),
    ...onlyRequester("app-only-requester", app.onlyRequester, request.requester),
  ];
}

/** What keeps a dataset order from a request that runs in `pool`. */
export function datasetClauses(dataset: DatasetOrder, request: Terms, pool: bigint): readonly Clause[] {
  const wanted = `it offers dataset ${dataset.dataset}, the request wants ${request.dataset}`;
  return [
    ...unless(dataset.dataset === request.dataset, "dataset", wanted),
    ...price("dataset-price", dataset.price, request.maxDatasetPrice),
    ...onlyAsset("dataset-only-app", "app", dataset.onlyApp, request.app),
    ...onlyAsset("dataset-only-pool", "pool", dataset.onlyPool, pool),
    ...onlyRequester("dataset-only-requester", dataset.onlyRequester, request.requester),
  ];
}

/** What keeps a pool order from a request. */
export function poolClauses(pool: PoolOrder, request: Terms): readonly Clause[] {
  const named = request.pool === 0n || request.pool === pool.pool;
  return [
    ...unless(named, "pool", `it offers pool ${pool.pool}, the request wants ${request.pool}`),
    ...price("pool-price", pool.price, request.maxPoolPrice),
    ...onlyAsset("pool-only-app", "app", pool.onlyApp, request.app),
    ...onlyAsset("pool-only-dataset", "dataset", pool.onlyDataset, request.dataset),
    ...onlyRequester("pool-only-requester", pool.onlyRequester, request.requester),
    ...serviceClauses(pool, request),
  ];
}

function serviceClauses(pool: PoolOrder, request: Terms): readonly Clause[] {
  const category = `it offers category ${pool.category}, the request wants ${request.category}`;
  const trust = `it offers trust up to ${pool.maxTrust}, the request wants ${request.trust}`;
  const missing = shortfalls(pool.capabilities, request.requirements);
  return [
    ...unless(pool.category === request.category, "category", category),
    ...unless(request.trust <= pool.maxTrust, "trust", trust),
    ...unless(missing.length === 0, "requirements", `it has too little ${missing.join(", ")}`),
    ...unless(takesCallback(pool, request), "callback", "it takes no tasks with a callback"),
  ];
}

function takesCallback(pool: PoolOrder, request: Terms): boolean {
  return request.callback === ZERO_ADDRESS || ((BigInt(pool.capabilities) >> BigInt(FLAGS.callback)) & 1n) === 1n;
}

function noDataset(request: Terms): readonly Clause[] {
  return unless(request.dataset === 0n, "dataset", `the request wants dataset ${request.dataset}, none is offered`);
}

function price(clause: string, asked: bigint, most: bigint): readonly Clause[] {
  return unless(asked <= most, clause, `it costs ${formatMill(asked)} MILL a task, more than ${formatMill(most)}`);
}

function onlyAsset(clause: string, what: string, only: bigint, asset: bigint): readonly Clause[] {
  return unless(only === 0n || only === asset, clause, `it is only for ${what} ${only}`);
}

function onlyRequester(clause: string, only: Address, requester: Address): readonly Clause[] {
  return unless(only === ZERO_ADDRESS || only === requester, clause, `it is only for requester ${only}`);
}

function unless(holds: boolean, clause: string, message: string): readonly Clause[] {
  return holds ? [] : [{ clause, message }];
}
