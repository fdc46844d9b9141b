import type { ContractTransactionResponse, Result } from "ethers";

import { signOrder } from "../../../chain/sign.ts";
import { PackedDealSchema } from "../../../protocol/deal.ts";
import type { Deal } from "../../../protocol/deal.ts";
import type { RequestOrder, Signed } from "../../../protocol/orders.ts";
import type { Hash } from "../../../protocol/primitives.ts";
import type { Market } from "./market.ts";
import { ordersOf, signedOrders } from "./orders.ts";
import type { Changes } from "./orders.ts";

/** A request that a batch passed over, and the error that says why. */
type Skipped = { readonly requestHash: Hash; readonly error: string; readonly args: readonly unknown[] };
/** What a batch opened and what it passed over, in their order. */
type Outcome = { readonly deals: readonly Deal[]; readonly skipped: readonly Skipped[] };

/** The usual request once for each of these changes, signed by the requester unless told otherwise. */
export async function requests(
  market: Market,
  changes: readonly Partial<RequestOrder>[],
  signer = market.requester,
): Promise<readonly Signed<RequestOrder>[]> {
  return Promise.all(
    changes.map(async (change) => {
      const { request: order } = ordersOf(market, { request: change });
      return { order, signature: await signOrder("request", order, signer, market.orderDomain) };
    }),
  );
}

/** Matches them with the usual asks, with these changes; without a dataset unless told otherwise. */
export async function matchBatch(
  market: Market,
  signed: readonly Signed<RequestOrder>[],
  asks: Changes = {},
): Promise<ContractTransactionResponse> {
  const { app, dataset, pool } = await signedOrders(market, ordersOf(market, { dataset: { dataset: 0n }, ...asks }));
  return market.marketplace.connect(market.stranger).matchBatch(app, dataset, pool, [...signed]);
}

export async function outcomeOf(market: Market, transaction: ContractTransactionResponse): Promise<Outcome> {
  const { marketplace, escrow } = market;
  const { blockNumber } = (await transaction.wait())!;
  const opened = await marketplace.queryFilter(marketplace.filters.DealOpened(), blockNumber);
  const left = await marketplace.queryFilter(marketplace.filters.RequestSkipped(), blockNumber);
  return {
    deals: opened.map(({ args }) => PackedDealSchema.parse((args.deal as unknown as Result).toObject())),
    skipped: left.map(({ args: { requestHash, problem } }) => {
      const error = (marketplace.interface.parseError(problem) ?? escrow.interface.parseError(problem))!;
      return { requestHash: requestHash as Hash, error: error.name, args: error.args.toArray() as unknown[] };
    }),
  };
}
