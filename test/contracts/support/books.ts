import { expect } from "chai";

import type { Account } from "./chain.ts";
import type { Market } from "./market.ts";

/** Everybody who can have a balance in these tests. */
export function everybody(market: Market): readonly Account[] {
  const { holder, requester, appOwner, datasetOwner, poolOwner, operator, stranger, workers } = market;
  return [holder, requester, appOwner, datasetOwner, poolOwner, operator, stranger, ...workers];
}

/** The escrow holds exactly what it owes. `others` are accounts that {@link everybody} leaves out. */
export async function expectBooksToBalance(market: Market, others: readonly string[] = []): Promise<void> {
  let owed = await market.escrow.pendingBurn();
  for (const account of [...everybody(market).map(({ address }) => address), ...others]) {
    const { available, locked } = await market.escrow.balanceOf(account);
    owed += available + locked;
  }
  expect(await market.token.balanceOf(market.escrow), "escrow holds what it owes").to.equal(owed);
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
