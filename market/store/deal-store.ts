import { sql } from "kysely";
import type { Transaction } from "kysely";

import { taskIdOf } from "../../protocol/deal.ts";
import { toJson } from "../../protocol/json.ts";
import type { MarketEvent } from "../../protocol/market-feed.ts";
import type { Hash } from "../../protocol/primitives.ts";
import type { Deals, OpenedDeal } from "../domain/ports.ts";

import type { Database } from "./database.ts";
import { dealRecordOf, openTaskRows, taskRecordOf } from "./deal-rows.ts";
import { appendToFeed } from "./feed-store.ts";
import { selectDeals, selectTasks } from "./deal-queries.ts";
import type { Schema } from "./schema.ts";

/**
 * How many tasks of a deal can be found by their id before they are settled. A deal may have four thousand million tasks
 * that cost nothing; its rows must not.
 */
const MAX_OPEN_TASK_ROWS = 10_000;
const ROWS_AT_A_TIME = 1_000;

/** Deals in the database. A deal that comes again after a rewind is entered anew. */
export function createDeals(db: Database): Deals {
  return {
    open: (opened) => db.transaction().execute((tx) => open(tx, opened)),
    settle: (dealId, index, digest, block) =>
      db.transaction().execute((tx) => settle(tx, { dealId, index, digest, block })),
    end: (dealId, status, block) =>
      db.transaction().execute(async (tx) => {
        const changed = tx.updateTable("deals").set({ ended: status, ended_block: block });
        await changed.where("deal_id", "=", dealId).execute();
        await tellDeal(tx, dealId);
      }),
    rewind: (toBlock) => db.transaction().execute((tx) => rewind(tx, toBlock)),
  };
}

async function open(tx: Transaction<Schema>, opened: OpenedDeal): Promise<void> {
  const { dealId, deal, blockNumber, logIndex, transactionHash } = opened;
  const place = { block_number: blockNumber, log_index: logIndex, transaction_hash: transactionHash };
  const [inserted] = await tx
    .insertInto("deals")
    .values({
      deal_id: dealId,
      requester: deal.requester,
      pool: deal.pool.toString(),
      app: deal.app.toString(),
      request_hash: deal.requestHash,
      params_hash: deal.paramsHash,
      fields: toJson(deal),
      volume: deal.volume,
      ended: null,
      ended_block: null,
      ...place,
    })
    .onConflict((conflict) => conflict.column("deal_id").doUpdateSet(place))
    .returning(sql<boolean>`xmax = 0`.as("fresh"))
    .execute();
  if (!inserted?.fresh) return;
  const rows = openTaskRows(dealId, Math.min(deal.volume, MAX_OPEN_TASK_ROWS));
  for (let start = 0; start < rows.length; start += ROWS_AT_A_TIME) {
    await tx
      .insertInto("tasks")
      .values(rows.slice(start, start + ROWS_AT_A_TIME))
      .execute();
  }
  await tellDeal(tx, dealId);
}

type Settled = { readonly dealId: Hash; readonly index: number; readonly digest: Hash; readonly block: number };

async function settle(tx: Transaction<Schema>, { dealId, index, digest, block }: Settled): Promise<void> {
  const task = { task_id: taskIdOf(dealId, index), deal_id: dealId, index };
  const result = { digest, settled_block: block };
  const known = await tx.selectFrom("deals").select("deal_id").where("deal_id", "=", dealId).executeTakeFirst();
  if (!known) return; // not ours to show: opened before the first block that we read
  await tx
    .insertInto("tasks")
    .values({ ...task, ...result })
    .onConflict((conflict) => conflict.column("task_id").doUpdateSet(result))
    .execute();
  const row = await selectTasks(tx).where("tasks.task_id", "=", task.task_id).executeTakeFirstOrThrow();
  await appendToFeed(tx, [{ kind: "task", task: taskRecordOf(row) }]);
  await tellDeal(tx, dealId);
}

async function tellDeal(tx: Transaction<Schema>, dealId: Hash): Promise<void> {
  const row = await selectDeals(tx).where("deals.deal_id", "=", dealId).executeTakeFirst();
  if (row) await appendToFeed(tx, [{ kind: "deal", deal: dealRecordOf(row) } satisfies MarketEvent]);
}

async function rewind(tx: Transaction<Schema>, toBlock: number): Promise<void> {
  await tx.deleteFrom("deals").where("block_number", ">", toBlock).execute();
  const unsettled = tx.updateTable("tasks").set({ digest: null, settled_block: null });
  await unsettled.where("settled_block", ">", toBlock).execute();
  const reopened = tx.updateTable("deals").set({ ended: null, ended_block: null });
  await reopened.where("ended_block", ">", toBlock).execute();
}
