import { anyValue } from "@nomicfoundation/hardhat-ethers-chai-matchers/withArgs";
import { expect } from "chai";

import { changesOf } from "./support/books.ts";
import { loadFixture } from "./support/chain.ts";
import { MILL, openMarketFixture } from "./support/market.ts";
import type { Market } from "./support/market.ts";
import { POOL_PRICE, addressOf, openDeal } from "./support/orders.ts";
import { RIGHT, WRONG, agreeing, settleVotes } from "./support/round.ts";

/** Of a pool price of 100 MILL: 1 is burned, 10 go to the pool owner. */
const WORKERS_PART = (POOL_PRICE * 89n) / 100n;

const scoreOf = async (market: Market, worker: number) => (await market.hub.workerOf(market.workers[worker]!)).score;

/** Raises a worker's score by that many tasks, with the help of the last worker. */
async function practise(market: Market, worker: number, times: number): Promise<void> {
  const opened = await openDeal(market, { request: { volume: times } });
  const pair = [market.workers[worker]!, market.workers[9]!];
  const casts = Array.from({ length: times }, (_unused, index) => agreeing(pair, opened, RIGHT, index)).flat();
  await settleVotes(market, casts);
}

describe("Hub: scores and weights", function () {
  describe("given voters of different weight", function () {
    it("divides the reward by the logarithm of the weight", async function () {
      const market = await loadFixture(openMarketFixture);
      await practise(market, 0, 15);
      const opened = await openDeal(market);

      // Score 15 weighs 4, hence two shares; a newcomer weighs 2, hence one.
      const [first, second] = await changesOf(market, market.workers.slice(0, 2), () =>
        settleVotes(market, agreeing(market.workers.slice(0, 2), opened)),
      );

      expect(first!.available).to.equal((WORKERS_PART * 2n) / 3n);
      expect(second!.available).to.equal(WORKERS_PART / 3n);
    });

    it("lets one weighty vote do what maxWeight allows", async function () {
      const market = await loadFixture(openMarketFixture);
      await practise(market, 0, 15);

      // One vote of weight w decides at trust t when w * t > (1 + w) * (t - 1), that is w >= t.
      const heavy = await openDeal(market, { request: { trust: 4, maxWeight: 4 } });
      await expect(settleVotes(market, agreeing([market.workers[0]!], heavy))).to.emit(market.hub, "TaskSettled");
      const capped = await openDeal(market, { request: { trust: 4, maxWeight: 3 } });
      await expect(settleVotes(market, agreeing([market.workers[0]!], capped))).to.emit(market.hub, "TaskKept");
    });
  });

  describe("scores", function () {
    it("rise by one for everybody where two agree", async function () {
      const market = await loadFixture(openMarketFixture);

      await settleVotes(market, agreeing(market.workers.slice(0, 2), await openDeal(market)));

      expect(await scoreOf(market, 0)).to.equal(1n);
      expect(await scoreOf(market, 1)).to.equal(1n);
    });

    it("do not rise for one alone", async function () {
      const market = await loadFixture(openMarketFixture);

      await settleVotes(market, agreeing([market.workers[0]!], await openDeal(market, { request: { trust: 2 } })));

      expect(await scoreOf(market, 0)).to.equal(0n);
    });

    it("rise from a pool price of 1 MILL on, and not one wei below", async function () {
      const market = await loadFixture(openMarketFixture);
      const pair = market.workers.slice(0, 2);

      await settleVotes(market, agreeing(pair, await openDeal(market, { pool: { price: MILL - 1n } })));
      expect(await scoreOf(market, 0)).to.equal(0n);
      await settleVotes(market, agreeing(pair, await openDeal(market, { pool: { price: MILL } })));
      expect(await scoreOf(market, 0)).to.equal(1n);
    });

    it("fall by a third for each vote that differs, after the gains of the call", async function () {
      const market = await loadFixture(openMarketFixture);
      await practise(market, 0, 9);
      const opened = await openDeal(market, { request: { volume: 2, maxWeight: 2 } });
      const others = market.workers.slice(1, 4);
      const casts = [
        ...agreeing([market.workers[0]!, ...others], opened, RIGHT, 0),
        ...agreeing([market.workers[0]!], opened, WRONG, 1),
        ...agreeing(others, opened, RIGHT, 1),
      ];

      await settleVotes(market, casts);

      // (9 + 1) * 2 / 3
      expect(await scoreOf(market, 0)).to.equal(6n);
      expect(await scoreOf(market, 1)).to.equal(2n);
    });

    it("count as they were at the start of the call", async function () {
      const market = await loadFixture(openMarketFixture);
      await practise(market, 0, 11);
      const opened = await openDeal(market, { request: { trust: 3, volume: 2 } });
      const casts = [
        ...agreeing([market.workers[0]!, market.workers[1]!], opened, RIGHT, 0),
        ...agreeing([market.workers[0]!], opened, RIGHT, 1),
      ];

      // 12 weighs 3, enough for trust 3 alone, but the twelfth point comes from this very call.
      await expect(settleVotes(market, casts)).to.emit(market.hub, "TaskKept").withArgs(opened.dealId, 1n, anyValue);
      const kept = {
        opened,
        index: 1,
        votes: [{ worker: addressOf(market.workers[0]!), isSealed: false, word: RIGHT }],
      };
      await expect(settleVotes(market, [], { kept: [kept] })).to.emit(market.hub, "TaskSettled");
    });
  });
});
