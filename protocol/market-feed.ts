import { z } from "zod";

import { BookOrderSchema, DealRecordSchema, TaskRecordSchema } from "./market-api.ts";

/** What changed. An order event carries the order as it is afterwards. */
const MarketEventSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("order"), order: BookOrderSchema }),
  z.object({ kind: z.literal("deal"), deal: DealRecordSchema }),
  z.object({ kind: z.literal("task"), task: TaskRecordSchema }),
]);
export type MarketEvent = z.output<typeof MarketEventSchema>;

/**
 * What `WS /events` sends. First a `snapshot`; each `event` then has the number after the last, so that a client which sees
 * a gap knows that it missed something. With `?since=<seq>` the events after that number come instead of the snapshot,
 * as long as the market still has them.
 */
export const FeedMessageSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("snapshot"),
    seq: z.int(),
    block: z.int(),
    /** The active orders, at most 500 of a kind, best price first. */
    orders: z.array(BookOrderSchema).readonly(),
    /** The newest 50 deals. */
    deals: z.array(DealRecordSchema).readonly(),
  }),
  z.object({ type: z.literal("event"), seq: z.int(), event: MarketEventSchema }),
]);
export type FeedMessage = z.output<typeof FeedMessageSchema>;
