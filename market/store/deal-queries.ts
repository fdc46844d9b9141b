import { sql } from "kysely";
import type { Kysely, SelectQueryBuilder } from "kysely";

import type { DealRecord, DealStatus, Page, TaskRecord } from "../../protocol/market-api.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";

import type { Database } from "./database.ts";
import { dealRecordOf, taskRecordOf } from "./deal-rows.ts";
import type { DealRow, TaskRow } from "./deal-rows.ts";
import { pageOf, parseCursor } from "./paging.ts";
import type { Schema } from "./schema.ts";

const settledCount = sql<number>`(select count(*) from tasks where tasks.deal_id = deals.deal_id and digest is not null)`;

export function selectDeals(db: Kysely<Schema>): SelectQueryBuilder<Schema, "deals", DealRow> {
  return db.selectFrom("deals").selectAll("deals").select(settledCount.as("settled"));
}

export function selectTasks(db: Kysely<Schema>): SelectQueryBuilder<Schema, "tasks" | "deals", TaskRow> {
  const joined = db.selectFrom("tasks").innerJoin("deals", "deals.deal_id", "tasks.deal_id");
  return joined.selectAll("tasks").select("deals.ended");
}

type DealFilter = {
  readonly requester?: Address | undefined;
  readonly pool?: bigint | undefined;
  readonly app?: bigint | undefined;
  readonly status?: DealStatus | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
};

/** What the market shows of deals. */
export interface DealQueries {
  /** Newest first. */
  list(filter: DealFilter): Promise<Page<DealRecord>>;
  find(dealId: Hash): Promise<DealRecord | undefined>;
  findTask(taskId: Hash): Promise<TaskRecord | undefined>;
  /** By index. */
  tasks(
    dealId: Hash,
    page: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<Page<TaskRecord>>;
  settledTasks(dealId: Hash, limit: number): Promise<readonly TaskRecord[]>;
}

export function createDealQueries(db: Database): DealQueries {
  return {
    async list(filter) {
      const rows = await filtered(selectDeals(db), filter).execute();
      return pageOf(rows, filter.limit, dealRecordOf, (row) => [row.block_number, row.log_index]);
    },
    async find(dealId) {
      const row = await selectDeals(db).where("deals.deal_id", "=", dealId).executeTakeFirst();
      return row && dealRecordOf(row);
    },
    async findTask(taskId) {
      const row = await selectTasks(db).where("tasks.task_id", "=", taskId).executeTakeFirst();
      return row && taskRecordOf(row);
    },
    async tasks(dealId, { limit, cursor }) {
      const [after] = parseCursor(cursor, 1) ?? ["-1"];
      const tasks = selectTasks(db).where("tasks.deal_id", "=", dealId).where("tasks.index", ">", Number(after));
      const rows = await tasks
        .orderBy("tasks.index")
        .limit(limit + 1)
        .execute();
      return pageOf(rows, limit, taskRecordOf, (row) => [row.index]);
    },
    async settledTasks(dealId, limit) {
      const tasks = selectTasks(db).where("tasks.deal_id", "=", dealId).where("tasks.digest", "is not", null);
      return (await tasks.orderBy("tasks.index").limit(limit).execute()).map(taskRecordOf);
    },
  };
}

type DealRows = SelectQueryBuilder<Schema, "deals", DealRow>;

function filtered(deals: DealRows, { requester, pool, app, status, limit, cursor }: DealFilter): DealRows {
  const before = parseCursor(cursor, 2);
  return deals
    .$if(requester !== undefined, (query) => query.where("deals.requester", "=", requester!))
    .$if(pool !== undefined, (query) => query.where("deals.pool", "=", pool!.toString()))
    .$if(app !== undefined, (query) => query.where("deals.app", "=", app!.toString()))
    .$if(status !== undefined, (query) => query.where(hasStatus(status!)))
    .$if(before !== undefined, (query) =>
      query.where(sql<boolean>`(block_number, log_index) < (${before![0]}::bigint, ${before![1]}::bigint)`),
    )
    .orderBy("deals.block_number", "desc")
    .orderBy("deals.log_index", "desc")
    .limit(limit + 1);
}

function hasStatus(status: DealStatus) {
  const settled = sql`${settledCount} = deals.volume`;
  if (status === "settled") return sql<boolean>`${settled}`;
  if (status === "open") return sql<boolean>`deals.ended is null and not ${settled}`;
  return sql<boolean>`deals.ended = ${status} and not ${settled}`;
}
