import { expect } from "chai";
import { isHexString } from "ethers";

import type { Market } from "./market.ts";
import { match } from "./orders.ts";
import type { SignedOrders } from "./orders.ts";

/**
 * Asks whether these match, then matches them: what is foreseen is what happens, to the byte.
 * @returns the name of what is wrong, undefined where they matched
 */
export async function expectForeseen(market: Market, signed: SignedOrders): Promise<string | undefined> {
  const { app, dataset, pool, request } = signed;

  const problem = await market.marketplace.problemOfMatch(app, dataset, pool, request);

  expect(await revertOf(() => market.marketplace.matchOrders.staticCall(app, dataset, pool, request))).to.equal(
    problem,
  );
  if (problem !== "0x") return nameOf(market, problem);
  await (await match(market, signed)).wait();
  return undefined;
}

/** The name of an error of the market's contracts. */
export function nameOf({ marketplace, escrow, poolRegistry }: Market, problem: string): string {
  const contracts = [marketplace, escrow, poolRegistry];
  return contracts.map((contract) => contract.interface.parseError(problem)?.name).find(Boolean) ?? problem;
}

/** What a call reverts with; "0x" where it does not. Hardhat's chain puts it into the error. */
async function revertOf(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
    return "0x";
  } catch (error) {
    const { data } = error as { readonly data?: unknown };
    if (isHexString(data)) return data;
    throw error;
  }
}
