import { expect } from "chai";

import type { Hash } from "../../protocol/primitives.ts";
import { ZERO_HASH } from "../../protocol/primitives.ts";
import { ethers, loadFixture } from "./support/chain.ts";
import { MILL, openMarketFixture } from "./support/market.ts";
import type { Market } from "./support/market.ts";
import { addressOf, openedBy, ordersOf, match, signedOrders } from "./support/orders.ts";
import type { OpenedDeal } from "./support/orders.ts";
import { agreeing, roundOf, seal, settle } from "./support/round.ts";

const PAYERS = 30;
const VOTERS = 2;
/** The hash table of a settle with that many deals and ballots. */
const TABLE = 256n;
/** Neighbours collide nearly as badly as equals, and are found sooner. */
const NEIGHBOURS = 8n;

/** An account with a key of its own, and the slot that it would have. */
type Key = InstanceType<typeof ethers.Wallet>;
type SlotOf = (account: string) => bigint;

const coder = ethers.AbiCoder.defaultAbiCoder();
const unsalted: SlotOf = (account) => BigInt(ethers.keccak256(coder.encode(["address"], [account]))) % TABLE;
const saltedWith =
  (salt: Hash): SlotOf =>
  (account) =>
    BigInt(ethers.keccak256(coder.encode(["bytes32", "address"], [salt, account]))) % TABLE;

/** The first accounts that meet the condition. */
function keysWhere(condition: (account: string) => boolean): Key[] {
  const keys: Key[] = [];
  for (let number = 1; keys.length < PAYERS; number++) {
    const key = new ethers.Wallet(ethers.toBeHex(number, 32));
    if (condition(key.address)) keys.push(key);
  }
  return keys;
}

/** What it costs to settle a task of each of these payers. */
async function settleFor(market: Market, payers: readonly Key[]): Promise<bigint> {
  const opened: OpenedDeal[] = [];
  for (const payer of payers) opened.push(await openDealOf(market, payer));
  const voters = market.workers.slice(0, VOTERS);
  const round = await roundOf(
    market,
    opened.flatMap((deal) => agreeing(voters, deal)),
  );
  await seal(market, round);
  return (await (await settle(market, round)).wait())!.gasUsed;
}

async function openDealOf(market: Market, payer: Key): Promise<OpenedDeal> {
  await market.escrow.connect(market.holder).depositFor(payer, 1_000n * MILL);
  const requester = addressOf(payer);
  const orders = ordersOf(market, { request: { requester, payer: requester, beneficiary: requester } });
  return openedBy(market, await match(market, await signedOrders({ ...market, requester: payer }, orders)));
}

describe("Hub: the ledger of a settle", function () {
  for (const [what, slotOf] of [
    ["the accounts alone", unsalted],
    ["the accounts and nothing", saltedWith(ZERO_HASH)],
  ] as const) {
    it(`costs no more for payers whose slots would collide by ${what}`, async function () {
      const usual = await settleFor(
        await loadFixture(openMarketFixture),
        keysWhere(() => true),
      );

      const chosen = await settleFor(
        await loadFixture(openMarketFixture),
        keysWhere((account) => slotOf(account) < NEIGHBOURS),
      );

      // Colliding, they cost some 60,000 more; the rest is chance, in slots and in zero bytes.
      expect(chosen - usual).to.be.lessThan(25_000n);
    });
  }
});
