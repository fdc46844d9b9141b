import { expect } from "chai";

import type { Account } from "./chain.ts";
import type { Market } from "./market.ts";

/** Everybody who can have a balance in these tests. */
export function everybody(market: Market): readonly Account[] {
  const { holder, requester, appOwner, datasetOwner, poolOwner, operator, stranger, workers } = market;
  return [holder, requester, appOwner, datasetOwner, poolOwner, operator, stranger, ...workers];
}

/** What the escrow holds beyond what it owes. `others` are accounts that {@link everybody} leaves out. */
export async function surplusOf(market: Market, others: readonly string[] = []): Promise<bigint> {
  let owed = await market.escrow.pendingBurn();
  for (const account of [...everybody(market).map(({ address }) => address), ...others]) {
    const { available, locked } = await market.escrow.balanceOf(account);
    owed += available + locked;
  }
  return (await market.token.balanceOf(market.escrow)) - owed;
}

/** The escrow holds exactly what it owes. */
export async function expectBooksToBalance(market: Market, others: readonly string[] = []): Promise<void> {
  expect(await surplusOf(market, others), "what the escrow holds beyond what it owes").to.equal(0n);
}

export type Balances = { readonly available: bigint; readonly locked: bigint };

/** How the balances of some accounts change while `act` runs. */
export async function changesOf(
  market: Market,
  accounts: readonly Account[],
  act: () => Promise<unknown>,
): Promise<readonly Balances[]> {
  const read = () => Promise.all(accounts.map((account) => market.escrow.balanceOf(account)));
  const before = await read();
  await act();
  const after = await read();
  return accounts.map((_account, i) => ({
    available: after[i]!.available - before[i]!.available,
    locked: after[i]!.locked - before[i]!.locked,
  }));
}
