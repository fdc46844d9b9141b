import type { Insertable, Selectable } from "kysely";

import { toJson } from "../../protocol/json.ts";
import type { BookOrder, OrderStatus } from "../../protocol/market-api.ts";
import { ORDER_SCHEMAS } from "../../protocol/orders.ts";
import type { OrderKind } from "../../protocol/orders.ts";
import type { Address, Hash, Hex } from "../../protocol/primitives.ts";
import type { OrderCore, OrderFacts } from "../domain/order-state.ts";
import type { NewOrder, OrderName } from "../domain/ports.ts";

import type { OrdersTable } from "./schema.ts";

export type OrderRow = Selectable<OrdersTable>;

const text = (value: bigint | undefined): string | null => value?.toString() ?? null;

/** The row of an order whose facts are not known yet. */
export function rowOf({ kind, hash, signer, signed, terms, postedAt }: NewOrder): Insertable<OrdersTable> {
  const named = (name: "dataset" | "pool"): string | null =>
    text(terms.assets.find((asset) => asset.kind === name)?.id);
  return {
    hash,
    kind,
    signer,
    asset: terms.asset.toString(),
    dataset: named("dataset"),
    pool: named("pool"),
    category: terms.category ?? null,
    price: terms.price.toString(),
    volume: terms.volume.toString(),
    needs: terms.needs.toString(),
    counter: text(terms.counter),
    nonce: text(terms.nonce),
    expiry: terms.expiry,
    only_requester: "onlyRequester" in signed.order ? signed.order.onlyRequester : null,
    params_hash: terms.paramsHash ?? null,
    payer: terms.payer ?? null,
    fields: toJson(signed.order),
    signature: signed.signature,
    ...NOT_READ,
    posted_at: postedAt,
  };
}

const NOT_READ = {
  consumed: "0",
  nonce_used: false,
  remaining: "0",
  status: "inactive",
  reason_code: null,
  reason_message: null,
  read_at: 0,
} as const;

/** What the market shows of an order. */
export function bookOrderOf(row: OrderRow): BookOrder {
  const kind = row.kind as OrderKind;
  return {
    kind,
    order: ORDER_SCHEMAS[kind].parse(JSON.parse(row.fields)),
    signature: row.signature as Hex,
    hash: row.hash as Hash,
    signer: row.signer as Address,
    status: row.status as OrderStatus,
    reason: row.reason_code === null ? null : { code: row.reason_code, message: row.reason_message ?? "" },
    remaining: BigInt(row.remaining),
    postedAt: row.posted_at,
  } as BookOrder;
}

/** An order with the facts about its payer (else its signer) and asset beside it; those are null until they were read. */
export type JudgedRow = OrderRow & {
  readonly available: string | null;
  readonly account_counter: string | null;
  readonly allowance: string | null;
  readonly asset_owner: string | null;
  readonly matched: boolean;
};

export function coreOf(row: OrderRow): OrderCore {
  return {
    signer: row.signer as Address,
    volume: BigInt(row.volume),
    expiry: row.expiry,
    counter: row.counter === null ? undefined : BigInt(row.counter),
    nonce: row.nonce === null ? undefined : BigInt(row.nonce),
    needs: BigInt(row.needs),
    payer: (row.payer ?? undefined) as Address | undefined,
  };
}

/** Undefined until the chain was asked about who signs and pays. */
export function factsOf(row: JudgedRow): OrderFacts | undefined {
  if (row.available === null || row.account_counter === null) return undefined;
  if (row.payer !== null && row.allowance === null) return undefined;
  return {
    owner: (row.kind === "request" ? row.signer : (row.asset_owner ?? undefined)) as Address | undefined,
    counter: BigInt(row.account_counter),
    consumed: BigInt(row.consumed),
    nonceUsed: row.nonce_used,
    matched: row.matched,
    available: BigInt(row.available),
    allowance: row.allowance === null ? undefined : BigInt(row.allowance),
  };
}

export function nameOf(row: Pick<OrderRow, "hash" | "kind" | "signer" | "nonce">): OrderName {
  const { hash, kind, signer, nonce } = row;
  const own = { hash: hash as Hash, kind: kind as OrderKind, signer: signer as Address };
  return nonce === null ? own : { ...own, nonce: BigInt(nonce) };
}
