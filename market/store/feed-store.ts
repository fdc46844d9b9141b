import { sql } from "kysely";
import type { Transaction } from "kysely";

import { toJson } from "../../protocol/json.ts";
import type { MarketEvent } from "../../protocol/market-feed.ts";

import type { Database } from "./database.ts";
import type { Schema } from "./schema.ts";

/** How many events back a client may still ask for. */
export const FEED_KEPT = 10_000;
const MAX_PAGE = 500;

/** An event of the feed as text, ready to be sent. */
type FeedRow = { readonly seq: number; readonly event: string };

export interface FeedStore {
  /** Number of the newest event. */
  newest(): Promise<number>;
  /** Events after this number, at most 500. Undefined when some of them are no longer kept. */
  after(seq: number): Promise<readonly FeedRow[] | undefined>;
}

/**
 * Appends to the feed inside the transaction that made the change. The counter's row is locked until its end, so that
 * numbers have no gaps and become visible in their order, whatever process writes them.
 */
export async function appendToFeed(tx: Transaction<Schema>, events: readonly MarketEvent[]): Promise<void> {
  if (events.length === 0) return;
  const { value } = await tx
    .updateTable("state")
    .set({ value: sql<string>`(value::bigint + ${events.length}::bigint)::text` })
    .where("name", "=", "feed")
    .returning("value")
    .executeTakeFirstOrThrow();
  const first = Number(value) - events.length + 1;
  await tx
    .insertInto("feed")
    .values(events.map((event, index) => ({ seq: first + index, event: toJson(event) })))
    .execute();
  await tx
    .deleteFrom("feed")
    .where("seq", "<=", Number(value) - FEED_KEPT)
    .execute();
}

export function createFeedStore(db: Database): FeedStore {
  return {
    async newest() {
      const row = await db.selectFrom("state").select("value").where("name", "=", "feed").executeTakeFirstOrThrow();
      return Number(row.value);
    },
    async after(seq) {
      const rows = await db
        .selectFrom("feed")
        .selectAll()
        .where("seq", ">", seq)
        .orderBy("seq")
        .limit(MAX_PAGE)
        .execute();
      return rows.length > 0 && rows[0]!.seq !== seq + 1 ? undefined : rows;
    },
  };
}
