/** What deals cost to open, and to give back. */
import type { ContractTransactionResponse } from "ethers";

import { signOrder } from "../../chain/sign.ts";
import { packDeal } from "../../protocol/deal-words.ts";
import type { Address } from "../../protocol/primitives.ts";
import { ethers, time } from "../../test/contracts/support/chain.ts";
import type { Account } from "../../test/contracts/support/chain.ts";
import { MILL } from "../../test/contracts/support/market.ts";
import type { Market } from "../../test/contracts/support/market.ts";
import { match, openDeal, ordersOf, signedOrders } from "../../test/contracts/support/orders.ts";
import { gasOf, row } from "./row.ts";
import type { GasRow } from "./row.ts";

const BATCH = 100;
/** The first of a word of nonces that nothing else uses. */
const NONCES = 2n ** 32n;
/** Seconds from opening until anybody may claim, in category 0. */
const CLAIMABLE_AFTER = 3_000 + 3_600 + 1;

export type Requester = Pick<Account, "address" | "signTypedData">;

export async function openingRows(market: Market): Promise<readonly GasRow[]> {
  await matchOnce(market, NONCES);
  const alone = await gasOf(matchOnce(market, NONCES + 1n));
  const requesters = await requestersOf(market, BATCH);
  const first = await gasOf(matchTogether(market, requesters, () => NONCES));
  const later = await gasOf(matchTogether(market, requesters, () => NONCES + 1n));
  const oneRequester = Array<Requester>(BATCH).fill(market.requester);
  const ofOne = await gasOf(matchTogether(market, oneRequester, (index) => NONCES + 256n + BigInt(index)));
  const inBatch = (name: string, gas: bigint, target?: number): GasRow =>
    row(`deal opened in a batch of ${BATCH} ${name}`, gas / BigInt(BATCH), {
      reference: 559_134,
      ...(target ? { target } : {}),
    });
  return [
    row("deal of volume 1 opened alone, no dataset", alone, { reference: 559_134, target: 150_000 }),
    inBatch("of as many requesters, the first of each", first, 75_000),
    inBatch("of as many requesters, later", later, 55_000),
    inBatch("of one requester", ofOne),
  ];
}

/** Decline and claim of deals of 1, 10 and 100 open tasks. */
export async function closingRows(market: Market): Promise<readonly GasRow[]> {
  const rows: GasRow[] = [];
  for (const volume of [1, 10, 100]) {
    const { deal } = await openDeal(market, { pool: { grace: 7_200 }, request: { volume } });
    rows.push(
      row(`decline, ${volume} open tasks`, await gasOf(market.hub.connect(market.operator).decline(packDeal(deal)))),
    );
  }
  const deals = await Promise.all([1, 10, 100].map((volume) => openDeal(market, { request: { volume } })));
  await time.increase(CLAIMABLE_AFTER);
  for (const { deal } of deals) {
    const gas = await gasOf(market.hub.claim(packDeal(deal)));
    rows.push(row(`claim, ${deal.volume} open tasks`, gas, deal.volume === 1 ? { reference: 111_841 } : {}));
  }
  return rows;
}

/** People with money in the escrow, who have not used any nonce. */
export async function requestersOf(market: Market, count: number): Promise<readonly Requester[]> {
  const people = Array.from({ length: count }, (_unused, index) => new ethers.Wallet(ethers.id(`requester ${index}`)));
  for (const { address } of people) await market.escrow.connect(market.holder).depositFor(address, 1_000n * MILL);
  return people;
}

/** One request of each of these people, with these nonces. */
export async function matchTogether(
  market: Market,
  requesters: readonly Requester[],
  nonceOf: (index: number) => bigint,
): Promise<ContractTransactionResponse> {
  const { app, dataset, pool } = await signedOrders(market, ordersOf(market, { dataset: { dataset: 0n } }));
  const signed = requesters.map(async (requester, index) => {
    const self = requester.address.toLowerCase() as Address;
    const own = { requester: self, payer: self, beneficiary: self, nonce: nonceOf(index) };
    const { request: order } = ordersOf(market, { request: own });
    return { order, signature: await signOrder("request", order, requester, market.orderDomain) };
  });
  return market.marketplace.matchBatch(app, dataset, pool, await Promise.all(signed));
}

async function matchOnce(market: Market, nonce: bigint): Promise<ContractTransactionResponse> {
  return match(market, await signedOrders(market, ordersOf(market, { request: { nonce } })));
}
