import { sql } from "kysely";
import type { SelectQueryBuilder } from "kysely";

import type { BookOrder, OrderStatus, Page, QuoteRequest } from "../../protocol/market-api.ts";
import type { AppOrder, DatasetOrder, OrderKind } from "../../protocol/orders.ts";
import type { Address } from "../../protocol/primitives.ts";
import type { Candidate, Candidates, PoolCandidate } from "../domain/quote.ts";

import type { Database } from "./database.ts";
import { bookOrderOf } from "./order-rows.ts";
import type { OrderRow } from "./order-rows.ts";
import { pageOf, parseCursor } from "./paging.ts";
import type { Schema } from "./schema.ts";

type OrderFilter = {
  readonly app?: bigint | undefined;
  readonly dataset?: bigint | undefined;
  readonly pool?: bigint | undefined;
  readonly category?: number | undefined;
  readonly signer?: Address | undefined;
  readonly status: OrderStatus | "any";
  readonly limit: number;
  readonly cursor?: string | undefined;
};

/** What the market shows of its book. */
export interface OrderQueries {
  /** Asks cheapest first, requests highest bid first; equal prices by hash. */
  list(kind: OrderKind, filter: OrderFilter): Promise<Page<BookOrder>>;
  /** Active asks that a request may be matched with, cheapest first. */
  candidates(request: QuoteRequest, now: number): Promise<Candidates>;
  /** Active orders of a kind, best price first. */
  active(kind: OrderKind, limit: number): Promise<readonly BookOrder[]>;
}

/** Most asks of one kind that a quote looks at. */
const MAX_CANDIDATES = 500;
/** Of these, at most so many of one pool: who posts many cheap orders must not hide the others. */
const MAX_PER_POOL = 20;

export function createOrderQueries(db: Database): OrderQueries {
  const orders = (): Orders => db.selectFrom("orders").selectAll("orders");
  return {
    async list(kind, filter) {
      const rows = await filtered(orders().where("kind", "=", kind), kind, filter).execute();
      return pageOf(rows, filter.limit, bookOrderOf, (row) => [row.price, row.hash]);
    },
    async candidates(request, now) {
      const [apps, datasets, pools] = await Promise.all([
        asks(db, "app", request, request.app, now),
        request.dataset === 0n ? [] : asks(db, "dataset", request, request.dataset, now),
        poolAsks(db, request, now),
      ]);
      return { apps: apps as Candidate<AppOrder>[], datasets: datasets as Candidate<DatasetOrder>[], pools };
    },
    async active(kind, limit) {
      const active = orders().where("kind", "=", kind).where("status", "=", "active");
      const rows = await active.orderBy("price", direction(kind)).orderBy("hash").limit(limit).execute();
      return rows.map(bookOrderOf);
    },
  };
}

type Orders = SelectQueryBuilder<Schema, "orders", OrderRow>;

const direction = (kind: OrderKind): "asc" | "desc" => (kind === "request" ? "desc" : "asc");

function filtered(orders: Orders, kind: OrderKind, filter: OrderFilter): Orders {
  const { category, signer, status, limit, cursor } = filter;
  const after = parseCursor(cursor, 2);
  return idFilters(orders, kind, filter)
    .$if(category !== undefined, (query) => query.where("category", "=", category!))
    .$if(signer !== undefined, (query) => query.where("signer", "=", signer!))
    .$if(status !== "any", (query) => query.where("status", "=", status))
    .$if(after !== undefined, (query) => query.where(isAfter(kind, after!)))
    .orderBy("price", direction(kind))
    .orderBy("hash")
    .limit(limit + 1);
}

/** An ask's own id is its asset, a request's app; dataset and pool of a request have columns of their own. */
function idFilters(orders: Orders, kind: OrderKind, { app, dataset, pool }: OrderFilter): Orders {
  const asset = { app, dataset, pool, request: app }[kind];
  const isRequest = kind === "request";
  return orders
    .$if(asset !== undefined, (query) => query.where("asset", "=", asset!.toString()))
    .$if(isRequest && dataset !== undefined, (query) => query.where("dataset", "=", dataset!.toString()))
    .$if(isRequest && pool !== undefined, (query) => query.where("pool", "=", pool!.toString()));
}

function isAfter(kind: OrderKind, [price, hash]: readonly string[]) {
  return kind === "request"
    ? sql<boolean>`(price < ${price}::numeric or (price = ${price}::numeric and hash > ${hash}))`
    : sql<boolean>`(price, hash) > (${price}::numeric, ${hash})`;
}

/** Orders that are for somebody else come last: they are only listed as refused. */
function forOthers(requester: Address) {
  const nobody = `0x${"0".repeat(40)}`;
  return sql<boolean>`orders.only_requester not in (${nobody}, ${requester})`;
}

async function asks(
  db: Database,
  kind: "app" | "dataset",
  request: QuoteRequest,
  asset: bigint,
  now: number,
): Promise<readonly Candidate<unknown>[]> {
  const rows = await db
    .selectFrom("orders")
    .selectAll("orders")
    .where("kind", "=", kind)
    .where("asset", "=", asset.toString())
    .where("status", "=", "active")
    .where("expiry", ">=", now)
    .orderBy(forOthers(request.requester))
    .orderBy("price")
    .orderBy("hash")
    .limit(MAX_CANDIDATES)
    .execute();
  return rows.map(candidateOf);
}

type PoolRow = OrderRow & { readonly signer_available: string | null; readonly pool_endpoint: string | null };

async function poolAsks(db: Database, request: QuoteRequest, now: number): Promise<readonly PoolCandidate[]> {
  const named = request.pool !== 0n;
  const ranked = db
    .selectFrom("orders")
    .leftJoin("accounts", "accounts.address", "orders.signer")
    .leftJoin("assets", (join) => join.onRef("assets.kind", "=", "orders.kind").onRef("assets.id", "=", "orders.asset"))
    .selectAll("orders")
    .select(["accounts.available as signer_available", "assets.endpoint as pool_endpoint"])
    .select(forOthers(request.requester).as("for_others"))
    .select(sql<number>`row_number() over (partition by orders.asset order by orders.price, orders.hash)`.as("rank"))
    .where("orders.kind", "=", "pool")
    .where("orders.status", "=", "active")
    .where("orders.expiry", ">=", now)
    .$if(named, (query) => query.where("orders.asset", "=", request.pool.toString()))
    .$if(!named, (query) => query.where("orders.category", "=", request.category));
  const rows = await db
    .selectFrom(ranked.as("ranked"))
    .selectAll()
    .where("rank", "<=", named ? MAX_CANDIDATES : MAX_PER_POOL)
    .orderBy("for_others")
    .orderBy("price")
    .orderBy("hash")
    .limit(MAX_CANDIDATES)
    .execute();
  return rows.map(poolCandidateOf);
}

function candidateOf(row: OrderRow): Candidate<unknown> {
  const { order, signature, hash, remaining } = bookOrderOf(row);
  return { order, signature, hash, remaining };
}

function poolCandidateOf(row: PoolRow): PoolCandidate {
  const available = BigInt(row.signer_available ?? 0);
  return {
    ...(candidateOf(row) as Omit<PoolCandidate, "available" | "endpoint">),
    available,
    endpoint: row.pool_endpoint ?? "",
  };
}
