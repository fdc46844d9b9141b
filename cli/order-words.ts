import { InvalidArgumentError } from "commander";

import type { BookOrder } from "../protocol/market-api.ts";
import { ORDER_KINDS } from "../protocol/orders.ts";
import type { OrderKind } from "../protocol/orders.ts";

/** `app`, `dataset`, `pool` or `request`, for commander. */
export function parseKind(text: string): OrderKind {
  const kind = ORDER_KINDS.find((each) => each === text);
  if (kind) return kind;
  throw new InvalidArgumentError(`Expected one of ${ORDER_KINDS.join(", ")}`);
}

/** Wei per task: what an ask wants, or the most that a request pays. */
export function priceOfOrder(order: BookOrder): bigint {
  if (order.kind !== "request") return order.order.price;
  const { maxAppPrice, maxDatasetPrice, maxPoolPrice } = order.order;
  return maxAppPrice + maxDatasetPrice + maxPoolPrice;
}
