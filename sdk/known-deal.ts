import { dealIdOf, taskIdOf } from "../protocol/deal.ts";
import { NotFoundError } from "../protocol/errors.ts";
import type { Hash } from "../protocol/primitives.ts";

import { createGatewayClient } from "./gateway-client.ts";
import type { GatewayClient } from "./gateway-client.ts";
import type { GridContext, KnownDeal } from "./grid-context.ts";

const LEAVE_MARKET = "Do not trust this market; choose another network entry";

/**
 * A deal by its id. The market tells it, and is not believed: the deal has to hash to the id.
 * @throws NotFoundError
 */
export async function findDeal(context: GridContext, dealId: Hash): Promise<KnownDeal> {
  const known = context.deals.get(dealId);
  if (known) return known;
  const { deal, blockNumber } = await context.market.deal(dealId);
  return rememberDeal(context, { dealId, deal, blockNumber });
}

/** @throws NotFoundError when the deal does not hash to its id */
export function rememberDeal(context: GridContext, known: KnownDeal): KnownDeal {
  const { dealId, deal } = known;
  if (dealIdOf(deal) !== dealId) {
    throw new NotFoundError(`The market has no deal ${dealId}: what it answered hashes to another id`, {
      hint: LEAVE_MARKET,
    });
  }
  context.deals.set(dealId, known);
  return known;
}

/** Which task of which deal an id names. */
export type TaskPlace = KnownDeal & { readonly taskId: Hash; readonly index: number };

/** @throws NotFoundError */
export async function findTask(context: GridContext, taskId: Hash): Promise<TaskPlace> {
  for (const known of context.deals.values()) {
    const index = taskIdsOf(known).indexOf(taskId);
    if (index !== -1) return { ...known, taskId, index };
  }
  const { dealId, index } = await context.market.task(taskId);
  if (taskIdOf(dealId, index) !== taskId) {
    throw new NotFoundError(`The market has no task ${taskId}: what it answered has another id`, {
      hint: LEAVE_MARKET,
    });
  }
  return { ...(await findDeal(context, dealId)), taskId, index };
}

/** Ids of all tasks of a deal, by index. */
export function taskIdsOf({ dealId, deal }: KnownDeal): readonly Hash[] {
  return Array.from({ length: deal.volume }, (_unused, index) => taskIdOf(dealId, index));
}

/** The gateway of a pool, at the endpoint that the registry has now. */
export async function gatewayOf(context: GridContext, pool: bigint): Promise<GatewayClient> {
  const state = await context.reader.poolOf(pool);
  if (!state)
    throw new NotFoundError(`There is no pool ${pool} on this network`, {
      hint: "See gridmill order list pool",
    });
  return gatewayAt(context, state.endpoint);
}

export function gatewayAt(context: GridContext, url: string): GatewayClient {
  return createGatewayClient({ url, chainId: context.network.chainId, signer: context.account?.signer });
}
