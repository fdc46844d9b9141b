import type { Selectable } from "kysely";

import { DealSchema, dealDeadline, taskIdOf } from "../../protocol/deal.ts";
import type { DealRecord, DealStatus, TaskRecord } from "../../protocol/market-api.ts";
import type { Hash } from "../../protocol/primitives.ts";

import type { DealsTable, TasksTable } from "./schema.ts";

/** A deal with the number of its settled tasks. */
export type DealRow = Selectable<DealsTable> & { readonly settled: string | number };

export function dealRecordOf(row: DealRow): DealRecord {
  const deal = DealSchema.parse(JSON.parse(row.fields));
  const settled = Number(row.settled);
  return {
    dealId: row.deal_id as Hash,
    deal,
    status: dealStatus(row.ended, settled, row.volume),
    settled,
    deadline: dealDeadline(deal),
    blockNumber: row.block_number,
    transactionHash: row.transaction_hash as Hash,
  };
}

function dealStatus(ended: string | null, settled: number, volume: number): DealStatus {
  return settled === volume ? "settled" : ((ended ?? "open") as DealStatus);
}

export type TaskRow = Selectable<TasksTable> & { readonly ended: string | null };

export function taskRecordOf(row: TaskRow): TaskRecord {
  return {
    taskId: row.task_id as Hash,
    dealId: row.deal_id as Hash,
    index: row.index,
    status: row.digest === null ? ((row.ended ?? "open") as DealStatus) : "settled",
    digest: row.digest as Hash | null,
  };
}

/** Rows of the first tasks of a deal, none settled. */
export function openTaskRows(dealId: Hash, count: number): readonly Selectable<TasksTable>[] {
  return Array.from({ length: count }, (_unused, index) => ({
    task_id: taskIdOf(dealId, index),
    deal_id: dealId,
    index,
    digest: null,
    settled_block: null,
  }));
}
