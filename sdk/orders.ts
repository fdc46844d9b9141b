import type { Receipt } from "../chain/intent.ts";
import type { BookOrder, OrdersQuery } from "../protocol/market-api.ts";
import type { OrderKind } from "../protocol/orders.ts";
import type { Hash } from "../protocol/primitives.ts";

import { send } from "./grid-context.ts";
import type { GridContext } from "./grid-context.ts";
import { allPages } from "./pages.ts";

/** The market's book. */
export interface Orders {
  list<K extends OrderKind>(kind: K, query?: Omit<OrdersQuery, "cursor">): Promise<readonly BookOrder<K>[]>;
  get<K extends OrderKind>(kind: K, hash: Hash): Promise<BookOrder<K>>;
  /** Cancels an order on chain, for good; its signer only. Costs gas. */
  cancel<K extends OrderKind>(kind: K, hash: Hash, signal?: AbortSignal): Promise<Receipt>;
}

export function createOrders(context: GridContext): Orders {
  const { calls, market } = context;
  return {
    list: (kind, query = {}) => allPages((cursor) => market.orders(kind, { ...query, ...cursor })),
    get: (kind, hash) => market.order(kind, hash),
    async cancel(kind, hash, signal) {
      const { order } = await market.order(kind, hash);
      return await send(context, `cancel-${hash}`, calls.cancelOrder(kind, order), signal);
    },
  };
}
