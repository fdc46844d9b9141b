import { sql } from "kysely";
import type { SelectQueryBuilder, Transaction } from "kysely";

import type { MarketEvent } from "../../protocol/market-feed.ts";
import { orderState, reasonOf, remainingOf } from "../domain/order-state.ts";
import type { OrderSelector } from "../domain/ports.ts";

import type { Database } from "./database.ts";
import { appendToFeed } from "./feed-store.ts";
import { bookOrderOf, coreOf, factsOf } from "./order-rows.ts";
import type { JudgedRow, OrderRow } from "./order-rows.ts";
import type { Schema } from "./schema.ts";

/** Judges the selected orders from the stored facts; those that changed are written and told to the feed, all at once. */
export async function judgeOrders(db: Database, selector: OrderSelector, now: number): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const rows = await selected(tx, selector, now);
    const changed = rows.flatMap((row) => judge(row, now) ?? []);
    for (const row of changed) await save(tx, row);
    await appendToFeed(
      tx,
      changed.map((row): MarketEvent => ({ kind: "order", order: bookOrderOf(row) })),
    );
  });
}

/** The row as it is to be, or undefined when nothing changed or not enough is known. */
function judge(row: JudgedRow, now: number): OrderRow | undefined {
  const facts = factsOf(row);
  if (!facts) return undefined;
  const core = coreOf(row);
  const state = orderState(core, facts, now);
  const reason = reasonOf(state);
  const next: OrderRow = {
    ...row,
    status: state.status,
    remaining: remainingOf(core, facts).toString(),
    reason_code: reason?.code ?? null,
    reason_message: reason?.message ?? null,
  };
  return SHOWN.every((column) => next[column] === row[column]) ? undefined : next;
}

const SHOWN = ["status", "remaining", "reason_code"] as const;

async function save(tx: Transaction<Schema>, row: OrderRow): Promise<void> {
  const { hash, status, remaining, reason_code, reason_message } = row;
  await tx
    .updateTable("orders")
    .set({ status, remaining, reason_code, reason_message })
    .where("hash", "=", hash)
    .execute();
}

/** Locked, so that two processes do not judge one order from different facts. */
async function selected(tx: Transaction<Schema>, selector: OrderSelector, now: number): Promise<readonly JudgedRow[]> {
  const rows = tx
    .selectFrom("orders")
    .leftJoin("accounts", (join) => join.on("accounts.address", "=", sql`coalesce(orders.payer, orders.signer)`))
    .leftJoin("allowances", (join) =>
      join.onRef("allowances.payer", "=", "orders.payer").onRef("allowances.requester", "=", "orders.signer"),
    )
    .leftJoin("assets", (join) => join.onRef("assets.kind", "=", "orders.kind").onRef("assets.id", "=", "orders.asset"))
    .selectAll("orders")
    .select([
      "accounts.available as available",
      "accounts.counter as account_counter",
      "allowances.amount as allowance",
      "assets.owner as asset_owner",
      sql<boolean>`exists (select from deals where deals.request_hash = orders.hash)`.as("matched"),
    ])
    .orderBy("orders.hash")
    .forUpdate("orders");
  return where(rows, selector, now).execute();
}

type Rows = SelectQueryBuilder<Schema, "orders", JudgedRow>;

function where(rows: unknown, selector: OrderSelector, now: number): Rows {
  const query = rows as Rows;
  switch (selector.by) {
    case "hash":
      return query.where("orders.hash", "=", selector.hash);
    case "account":
      return query.where(({ eb, or }) =>
        or([eb("orders.signer", "=", selector.account), eb("orders.payer", "=", selector.account)]),
      );
    case "asset":
      return query.where("orders.kind", "=", selector.asset).where("orders.asset", "=", selector.id.toString());
    case "expiry":
      return query.where("orders.status", "in", ["active", "inactive"]).where("orders.expiry", "<", now);
  }
}
