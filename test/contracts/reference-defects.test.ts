import { expect } from "chai";
import { EventFragment, FunctionFragment, getBytes } from "ethers";

import { INTERFACES } from "../../chain/interfaces.ts";
import { SETTLE_WINDOW_SECONDS } from "../../protocol/constants.ts";
import { packDeal } from "../../protocol/deal-words.ts";
import { CONTRACTS, artifactOf } from "../../scripts/export-abi.ts";
import { changesOf, expectBooksToBalance } from "./support/books.ts";
import { loadFixture, time } from "./support/chain.ts";
import { POOL, openMarketFixture } from "./support/market.ts";
import { APP_PRICE, POOL_PRICE, POOL_STAKE, addressOf, openDeal } from "./support/orders.ts";
import type { Changes } from "./support/orders.ts";
import { agreeing, settleVotes } from "./support/round.ts";

const PRICE = APP_PRICE + POOL_PRICE;
const NOTHING = { available: 0n, locked: 0n };
/** Seconds from opening to the first second of a claim, in category 0. */
const CLAIMABLE = 3_000 + SETTLE_WINDOW_SECONDS + 1;
const FREE: Changes = { app: { price: 0n }, pool: { price: 0n } };

/** Somebody pays for the requester's deal of two tasks, which may be declined; the requester has one of its own too. */
async function sponsoredFixture() {
  const market = await openMarketFixture();
  await market.marketplace.connect(market.stranger).allow(market.requester, 2n * PRICE);
  const own = await openDeal(market);
  const payer = addressOf(market.stranger);
  const sponsored = await openDeal(market, { pool: { grace: 60 }, request: { payer, volume: 2 } });
  return { market, own, sponsored };
}

async function claimGas(volume: number): Promise<bigint> {
  const market = await loadFixture(openMarketFixture);
  const cheap = { app: { price: 1n }, pool: { price: 10n } };
  const { deal } = await openDeal(market, { ...cheap, request: { volume } });
  // One more deal keeps the balances above zero, so that both claims change the same slots.
  await openDeal(market);
  await time.setNextBlockTimestamp(deal.openedAt + CLAIMABLE);
  return (await (await market.hub.claim(packDeal(deal))).wait())!.gasUsed;
}

/** What the reference protocol does wrong, by the names of docs/threat-model.md. */
describe("defects of the reference protocol", function () {
  describe("sponsored deals that cannot settle", function () {
    it("takes a settled task from the sponsor, and nothing of what the requester locked for another deal", async function () {
      const { market, sponsored } = await loadFixture(sponsoredFixture);
      await time.increase(61);

      const changes = await moved(market, () => settleVotes(market, agreeing(market.workers.slice(0, 2), sponsored)));

      expect(changes).to.deep.equal([{ available: 0n, locked: -PRICE }, NOTHING]);
      await expectBooksToBalance(market);
    });

    for (const how of ["decline", "claim"] as const) {
      it(`gives back to the sponsor at a ${how}`, async function () {
        const { market, sponsored } = await loadFixture(sponsoredFixture);
        const { deal } = sponsored;
        if (how === "claim") await time.setNextBlockTimestamp(deal.openedAt + CLAIMABLE);

        const changes = await moved(market, () => market.hub.connect(market.operator)[how](packDeal(deal)));

        expect(changes).to.deep.equal([{ available: 2n * PRICE, locked: -2n * PRICE }, NOTHING]);
        await expectBooksToBalance(market);
      });
    }

    const moved = (market: Awaited<ReturnType<typeof sponsoredFixture>>["market"], act: () => Promise<unknown>) =>
      changesOf(market, [market.stranger, market.requester], act);
  });

  describe("a kitty that pays for deals with oneself", function () {
    it("pays nobody anything for tasks that are free, and raises nobody's score", async function () {
      const market = await loadFixture(openMarketFixture);
      const pair = market.workers.slice(0, 2);
      const lost = await openDeal(market, { request: { volume: 1 } });
      await time.setNextBlockTimestamp(lost.deal.openedAt + CLAIMABLE);
      await market.hub.claim(packDeal(lost.deal));
      expect(await market.escrow.pendingBurn(), "a stake was lost before").to.equal(POOL_STAKE);
      const free = await openDeal(market, { ...FREE, request: { volume: 6 } });
      const { requester, appOwner, poolOwner, operator } = market;

      const changes = await changesOf(market, [requester, appOwner, poolOwner, operator, ...pair], () =>
        settleVotes(
          market,
          [0, 1, 2, 3, 4, 5].flatMap((index) => agreeing(pair, free, undefined, index)),
        ),
      );

      expect(await market.hub.dealState(free.dealId)).to.deep.equal([false, 6n]);
      expect(changes).to.deep.equal(changes.map(() => NOTHING));
      for (const worker of pair) expect((await market.hub.workerOf(worker)).score).to.equal(0n);
      expect(await market.escrow.pendingBurn()).to.equal(POOL_STAKE);
    });
  });

  describe("loops that a scheduler can make too long for a refund", function () {
    it("refunds four billion tasks for the gas of one", async function () {
      const [one, most] = [await claimGas(1), await claimGas(2 ** 32 - 1)];

      // Longer numbers in calldata and logs.
      expect(most - one).to.be.lessThan(1_000n);
    });
  });

  describe("terms outside the signed order", function () {
    it("keeps the terms of an open deal, whatever the pool's owner changes or signs since", async function () {
      const { market, own } = await loadFixture(sponsoredFixture);
      const { poolRegistry, poolOwner } = market;
      const pair = market.workers.slice(0, 2);
      const earned = () => changesOf(market, [poolOwner, ...pair], () => settleVotes(market, agreeing(pair, own)));
      const expected = await earned();
      await loadFixture(sponsoredFixture);
      await poolRegistry.connect(poolOwner).setEndpoint(POOL, "https://other.example");
      await openDeal(market, { pool: { schedulerShare: 10_000, workerStake: 10_000 } });

      expect(await earned()).to.deep.equal(expected);
    });
  });

  describe("what is hard to observe", function () {
    /** These are about no one account, asset or deal. */
    const ABOUT_NOBODY = ["Burned", "EIP712DomainChanged", "OrdersMatched"];

    it("is found by account, asset or deal: the first thing that an event says is indexed", function () {
      for (const [contract, abi] of Object.entries(INTERFACES)) {
        const events = abi.fragments.filter((fragment) => EventFragment.isFragment(fragment));
        const unindexed = events.filter(({ inputs }) => !inputs[0]?.indexed).map(({ name }) => name);

        expect(
          unindexed.filter((name) => !ABOUT_NOBODY.includes(name)),
          contract,
        ).to.deep.equal([]);
      }
    });
  });

  describe("central power", function () {
    const CALLS_FOREIGN_CODE: Readonly<Record<number, string>> = {
      0xf0: "CREATE",
      0xf2: "CALLCODE",
      0xf4: "DELEGATECALL",
      0xf5: "CREATE2",
      0xff: "SELFDESTRUCT",
    };

    for (const contract of Object.keys(CONTRACTS)) {
      it(`cannot change ${contract}: it runs no code but its own`, async function () {
        const { deployedBytecode } = await artifactOf(contract);

        expect(opcodesOf(deployedBytecode).flatMap((opcode) => CALLS_FOREIGN_CODE[opcode] ?? [])).to.deep.equal([]);
      });
    }

    it("has no function for an owner or administrator", function () {
      for (const [contract, abi] of Object.entries(INTERFACES)) {
        const functions = abi.fragments.filter((fragment) => FunctionFragment.isFragment(fragment));
        const names = functions.filter(({ constant }) => !constant).map(({ name }) => name);

        const powerful =
          /owner|admin|upgrade|initiali|pause|mint|role|freeze|rescue|^set(?!tle$|ApprovalForAll|Operator|Endpoint)/i;
        expect(
          names.filter((name) => powerful.test(name)),
          contract,
        ).to.deep.equal([]);
        expect(
          functions.map(({ name }) => name),
          contract,
        ).not.to.include("owner");
      }
    });

    /** Without what is pushed, and without the compiler's note at the end, whose length its last two bytes tell. */
    function opcodesOf(code: string): readonly number[] {
      const bytes = getBytes(code);
      const end = bytes.length - 2 - Number(bytes.at(-2)! * 256 + bytes.at(-1)!);
      const opcodes: number[] = [];
      for (let at = 0; at < end; at++) {
        const opcode = bytes[at]!;
        opcodes.push(opcode);
        if (opcode >= 0x60 && opcode <= 0x7f) at += opcode - 0x5f;
      }
      return opcodes;
    }
  });
});
