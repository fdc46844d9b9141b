import { formatMill } from "../../protocol/amounts.ts";
import { packResources, shortfalls } from "../../protocol/capabilities.ts";
import type { BookOrder } from "../../protocol/market-api.ts";
import { NoOfferError } from "../../protocol/market-errors.ts";
import type { Grid } from "../../sdk/grid.ts";

import type { Draft } from "./options.ts";

/**
 * What the draft will cost in wei, judged by the pools' offers alone: for an app that is not registered yet, so that
 * nobody pays gas for a request that nobody would take.
 * @throws NoOfferError with each pool's reason | AllowanceLowError | NoFundsError
 */
export async function estimate(grid: Grid, draft: Draft): Promise<bigint> {
  const filter = { category: draft.category, ...(draft.pool === undefined ? {} : { pool: draft.pool }) };
  const offers = await grid.orders.list("pool", filter);
  const fitting = offers.find((offer) => refusals(offer, draft).length === 0);
  if (!fitting) throw noOffer(offers, draft);
  const total = (fitting.order.price + (await datasetPrice(grid, draft))) * BigInt(draft.volume);
  await grid.requests.requirePayer(draft, total);
  return total;
}

/** The lowest price of the draft's dataset for one task. @throws NoOfferError */
async function datasetPrice(grid: Grid, { dataset, maxDatasetPrice: bound }: Draft): Promise<bigint> {
  if (dataset === undefined) return 0n;
  const [cheapest] = await grid.orders.list("dataset", { dataset });
  if (cheapest && (bound === undefined || cheapest.order.price <= bound)) return cheapest.order.price;
  const why = cheapest ? `it costs ${formatMill(cheapest.order.price)} MILL a task` : "nobody offers it";
  throw new NoOfferError(`No offer fits the request\ndataset ${dataset}: ${why}`, {
    hint: "Raise --max-price, or take another: gridmill dataset list",
  });
}

/** Why an offer does not fit; empty when it does. */
export function refusals(
  { order, remaining }: Pick<BookOrder<"pool">, "order" | "remaining">,
  draft: Draft,
): readonly string[] {
  const { maxPoolPrice: bound, trust, volume, requirements } = draft;
  const lacking = shortfalls(order.capabilities, packResources(requirements));
  return [
    ...(bound !== undefined && order.price > bound ? [`it costs ${formatMill(order.price)} MILL a task`] : []),
    ...(order.maxTrust < trust ? [`its trust ends at ${order.maxTrust}`] : []),
    ...(remaining < BigInt(volume) ? [`it takes ${remaining} more tasks`] : []),
    ...(lacking.length > 0 ? [`it has too little of ${lacking.join(", ")}`] : []),
  ];
}

function noOffer(offers: readonly BookOrder<"pool">[], draft: Draft): NoOfferError {
  const reasons = offers.map((offer) => `pool ${offer.order.pool}: ${refusals(offer, draft).join(", ")}`);
  if (reasons.length === 0) reasons.push(`no pool offers category ${draft.category}`);
  return new NoOfferError(`No offer fits the request\n${reasons.join("; ")}`, {
    hint: "Raise --max-price, ask for less, or take another --category or --pool; gridmill order list pool shows what is offered",
  });
}
