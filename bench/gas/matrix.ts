/** Whole tasks by votes, batch and number of workers, in one deal and in deals of their own. */
import { ethers, networkHelpers } from "../../test/contracts/support/chain.ts";
import type { Account } from "../../test/contracts/support/chain.ts";
import { BOND, FUNDS } from "../../test/contracts/support/market.ts";
import type { Market } from "../../test/contracts/support/market.ts";
import { castsOn, oneDealOf, roundThatFits, severalDeals } from "./rounds.ts";
import { REFERENCE_TASK, row } from "./row.ts";
import type { GasRow } from "./row.ts";

const VOTES = [1, 3, 5];
const BATCHES = [1, 10, 100, 400];
const CROWDS = [3, 10, 100];
/** One vote of a newcomer decides. */
const LOWEST_TRUST = 2;

const PLACES = [
  ["in one deal", oneDealOf],
  ["in deals of their own", severalDeals],
] as const;

/** Every combination that fits into a transaction; five votes need more than three workers. */
export async function matrixRows(market: Market): Promise<readonly GasRow[]> {
  const everybody = await crowdOf(market, Math.max(...CROWDS));
  const rows: GasRow[] = [];
  for (const count of CROWDS) {
    for (const votes of VOTES.filter((each) => each <= count)) {
      for (const place of PLACES) rows.push(...(await rowsOf(market, everybody.slice(0, count), votes, place)));
    }
  }
  return rows;
}

async function rowsOf(
  market: Market,
  workers: readonly Account[],
  votes: number,
  [where, open]: (typeof PLACES)[number],
): Promise<readonly GasRow[]> {
  const rows: GasRow[] = [];
  for (const batch of BATCHES) {
    const casts = castsOn(await open(market, batch, LOWEST_TRUST), workers, votes);
    const gas = await roundThatFits(market, casts);
    const name = `whole task, ${votes} votes, batch of ${batch} ${where}, ${workers.length} other workers`;
    if (gas) rows.push(row(name, (gas.seal + gas.settle) / BigInt(batch), { reference: REFERENCE_TASK[votes]! }));
  }
  return rows;
}

/** New workers with a bond, ascending by address, who have earned something once. */
export async function crowdOf(market: Market, count: number): Promise<readonly Account[]> {
  const wallets = Array.from({ length: count }, (_unused, index) => new ethers.Wallet(ethers.id(`worker ${index}`)));
  for (const wallet of wallets) {
    const account = wallet.connect(ethers.provider);
    await networkHelpers.setBalance(account.address, ethers.parseEther("1"));
    await market.escrow.connect(market.holder).depositFor(account.address, FUNDS / 100n);
    await market.hub.connect(account).bond(BOND);
  }
  const crowd = wallets.map((wallet) => wallet as unknown as Account);
  return crowd.sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
}
