import { expect } from "chai";

import { packDeal } from "../../protocol/deal-words.ts";
import { changesOf } from "./support/books.ts";
import { loadFixture, time } from "./support/chain.ts";
import { BOND, DATASET, openMarketFixture } from "./support/market.ts";
import { APP_PRICE, POOL_PRICE, POOL_STAKE, WORKER_STAKE, openDeal } from "./support/orders.ts";
import { agreeing, settleVotes } from "./support/round.ts";

/** Seconds in which an epoch may be settled. */
const WINDOW = 3_600;

describe("Hub: what wallets and pages ask", function () {
  describe("paymentsOf", function () {
    it("says what a settle then moves", async function () {
      const market = await loadFixture(openMarketFixture);
      const { requester, appOwner, datasetOwner, poolOwner, workers } = market;
      const opened = await openDeal(market, { request: { dataset: DATASET } });
      const told = await market.hub.paymentsOf(packDeal(opened.deal));
      const burnedBefore = await market.escrow.pendingBurn();

      const pair = workers.slice(0, 2);
      const parties = [requester, appOwner, datasetOwner, poolOwner, ...pair];
      const [payer, app, dataset, pool, first, second] = await changesOf(market, parties, () =>
        settleVotes(market, agreeing(pair, opened)),
      );

      expect(payer!.locked).to.equal(-told.payer);
      expect(app!.available).to.equal(told.appOwner);
      expect(dataset!.available).to.equal(told.datasetOwner);
      expect(pool).to.deep.equal({ available: told.scheduler + told.poolStake, locked: -told.poolStake });
      expect(first!.available + second!.available).to.equal(told.workers);
      expect((await market.escrow.pendingBurn()) - burnedBefore).to.equal(told.burned);
      expect(told.workerStake).to.equal(WORKER_STAKE);
    });

    it("adds up to what the payer locks, whatever the share", async function () {
      const market = await loadFixture(openMarketFixture);
      for (const schedulerShare of [0, 1, 1_000, 9_899, 9_900, 9_901, 10_000]) {
        const { deal } = await openDeal(market, { pool: { price: POOL_PRICE - 1n, schedulerShare } });
        const told = await market.hub.paymentsOf(packDeal(deal));

        expect(told.appOwner + told.datasetOwner + told.burned + told.scheduler + told.workers).to.equal(told.payer);
        expect(told.payer).to.equal(APP_PRICE + POOL_PRICE - 1n);
        expect(told.burned).to.equal((POOL_PRICE - 1n) / 100n);
      }
    });

    it("leaves out a dataset that is not there", async function () {
      const market = await loadFixture(openMarketFixture);
      const told = await market.hub.paymentsOf(packDeal((await openDeal(market)).deal));

      expect(told.datasetOwner).to.equal(0n);
      expect(told.payer).to.equal(APP_PRICE + POOL_PRICE);
      expect(told.poolStake).to.equal(POOL_STAKE);
    });
  });

  describe("coverOf", function () {
    it("is the bond, and what is on its way out while that can still be lost", async function () {
      const market = await loadFixture(openMarketFixture);
      const [worker] = market.workers;
      expect(await market.hub.coverOf(worker!)).to.equal(BOND);

      await market.hub.connect(worker).unbond(BOND / 4n);
      const { readyAt } = await market.hub.workerOf(worker!);
      expect(await market.hub.coverOf(worker!)).to.equal(BOND);
      await time.increaseTo(readyAt - BigInt(WINDOW) - 1n);
      expect(await market.hub.coverOf(worker!)).to.equal(BOND);
      await time.increaseTo(readyAt - BigInt(WINDOW));
      expect(await market.hub.coverOf(worker!)).to.equal((BOND * 3n) / 4n);
    });

    it("is nothing of who never bonded", async function () {
      const market = await loadFixture(openMarketFixture);

      expect(await market.hub.coverOf(market.stranger)).to.equal(0n);
    });
  });
});
