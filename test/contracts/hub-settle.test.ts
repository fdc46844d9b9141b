import { anyValue } from "@nomicfoundation/hardhat-ethers-chai-matchers/withArgs";
import { expect } from "chai";

import type { Hash } from "../../protocol/primitives.ts";
import { changesOf, expectBooksToBalance } from "./support/books.ts";
import { ethers, loadFixture } from "./support/chain.ts";
import { BOND, DATASET, openMarketFixture } from "./support/market.ts";
import { APP_PRICE, DATASET_PRICE, POOL_PRICE, POOL_STAKE, WORKER_STAKE, openDeal } from "./support/orders.ts";
import { RIGHT, WRONG, agreeing, roundOf, seal, settle, settleVotes } from "./support/round.ts";

/** Of a pool price of 100 MILL: 1 is burned, 10 go to the pool owner, 89 to the workers. */
const BURNED = POOL_PRICE / 100n;
const SCHEDULER_PART = POOL_PRICE / 10n;
const WORKERS_PART = POOL_PRICE - BURNED - SCHEDULER_PART;

describe("Hub: settle", function () {
  describe("given a task on which its voters agree", function () {
    it("settles it and says so", async function () {
      const market = await loadFixture(openMarketFixture);
      const opened = await openDeal(market);

      const tx = await settleVotes(market, agreeing(market.workers.slice(0, 2), opened));

      await expect(tx).to.emit(market.hub, "TaskSettled").withArgs(opened.dealId, 0n, RIGHT);
      expect(await market.hub.isClosed(opened.dealId, 0n)).to.equal(true);
      expect(await market.hub.dealState(opened.dealId)).to.deep.equal([false, 1n]);
    });

    it("pays everybody and burns one percent", async function () {
      const market = await loadFixture(openMarketFixture);
      const { requester, appOwner, datasetOwner, poolOwner, workers } = market;
      const opened = await openDeal(market, { request: { dataset: DATASET, volume: 2 } });

      const parties = [requester, appOwner, datasetOwner, poolOwner, workers[0]!, workers[1]!];
      const [payer, app, dataset, pool, first, second] = await changesOf(market, parties, () =>
        settleVotes(market, agreeing(workers.slice(0, 2), opened)),
      );

      expect(payer).to.deep.equal({ available: 0n, locked: -(APP_PRICE + DATASET_PRICE + POOL_PRICE) });
      expect(app).to.deep.equal({ available: APP_PRICE, locked: 0n });
      expect(dataset).to.deep.equal({ available: DATASET_PRICE, locked: 0n });
      expect(pool).to.deep.equal({ available: POOL_STAKE + SCHEDULER_PART, locked: -POOL_STAKE });
      expect(first).to.deep.equal({ available: WORKERS_PART / 2n, locked: 0n });
      expect(second).to.deep.equal({ available: WORKERS_PART / 2n, locked: 0n });
      expect(await market.escrow.pendingBurn()).to.equal(BURNED);
      await expectBooksToBalance(market);
    });

    it("gives the dust to the pool owner", async function () {
      const market = await loadFixture(openMarketFixture);
      const { poolOwner, workers } = market;
      const opened = await openDeal(market, { pool: { price: 101n, schedulerShare: 0 } });

      const [pool, first] = await changesOf(market, [poolOwner, workers[0]!], () =>
        settleVotes(market, agreeing(workers.slice(0, 3), opened)),
      );

      // 101 - 1 burned = 100 for three: 33 each, and 1 left over.
      expect(first).to.deep.equal({ available: 33n, locked: 0n });
      expect(pool).to.deep.equal({ available: 30n + 1n, locked: -30n });
      await expectBooksToBalance(market);
    });

    it("never pays more than the price, even with the whole of it as scheduler share", async function () {
      const market = await loadFixture(openMarketFixture);
      const { poolOwner, workers } = market;
      const opened = await openDeal(market, { pool: { schedulerShare: 10_000 } });

      const [pool, first] = await changesOf(market, [poolOwner, workers[0]!], () =>
        settleVotes(market, agreeing(workers.slice(0, 2), opened)),
      );

      expect(pool).to.deep.equal({ available: POOL_STAKE + POOL_PRICE - BURNED, locked: -POOL_STAKE });
      expect(first).to.deep.equal({ available: 0n, locked: 0n });
      await expectBooksToBalance(market);
    });

    it("makes one entry of what one account is paid in several roles", async function () {
      const market = await loadFixture(openMarketFixture);
      const one = market.workers[0]!;
      await market.appRegistry.connect(market.appOwner).transferFrom(market.appOwner, one, 1n);
      const opened = await openDeal({ ...market, appOwner: one }, { request: { volume: 2 } });
      const casts = [0, 1].flatMap((index) => agreeing(market.workers.slice(0, 2), opened, RIGHT, index));

      const tx = await settleVotes(market, casts);

      await expect(tx)
        .to.emit(market.escrow, "Posted")
        .withArgs(one, 2n * APP_PRICE + WORKERS_PART, 0n);
      const posted = await market.escrow.queryFilter(market.escrow.filters.Posted(one), tx.blockNumber!);
      expect(posted).to.have.lengthOf(1);
    });
  });

  describe("given trust", function () {
    for (const [trust, enough] of [
      [2, 1],
      [3, 2],
      [4, 2],
      [5, 3],
      [8, 3],
      [9, 4],
    ] as const) {
      it(`of ${trust}: ${enough} newcomers decide, and ${enough - 1} do not`, async function () {
        const market = await loadFixture(openMarketFixture);
        const opened = await openDeal(market, { request: { trust, volume: 2 } });
        const casts = [
          ...agreeing(market.workers.slice(0, enough), opened, RIGHT, 0),
          ...agreeing(market.workers.slice(0, enough - 1), opened, RIGHT, 1),
        ];

        const tx = await settleVotes(market, casts, {
          tasks: enough === 1 ? [{ dealId: opened.dealId, index: 1, votes: [] }] : [],
        });

        await expect(tx).to.emit(market.hub, "TaskSettled").withArgs(opened.dealId, 0n, RIGHT);
        await expect(tx).to.emit(market.hub, "TaskKept").withArgs(opened.dealId, 1n, anyValue);
        expect(await market.hub.dealState(opened.dealId)).to.deep.equal([true, 1n]);
      });
    }
  });

  describe("given several answers", function () {
    it("pays the accepted one and slashes the others", async function () {
      const market = await loadFixture(openMarketFixture);
      const { workers, hub } = market;
      const opened = await openDeal(market);

      // 4 against 2 + 2 is too little at trust 3; 8 * 3 > (1 + 8 + 2) * 2 is enough.
      const casts = [...agreeing(workers.slice(0, 3), opened), ...agreeing([workers[3]!], opened, WRONG)];
      let tx: Awaited<ReturnType<typeof settle>> | undefined;
      const [right, wrong] = await changesOf(market, [workers[0]!, workers[3]!], async () => {
        tx = await settleVotes(market, casts);
      });

      await expect(tx).to.emit(hub, "TaskSettled").withArgs(opened.dealId, 0n, RIGHT);
      await expect(tx).to.emit(hub, "Slashed").withArgs(workers[3], WORKER_STAKE);
      expect(right).to.deep.equal({ available: WORKERS_PART / 3n, locked: 0n });
      expect(wrong).to.deep.equal({ available: 0n, locked: -WORKER_STAKE });
      expect((await hub.workerOf(workers[3]!)).bonded).to.equal(BOND - WORKER_STAKE);
      expect(await market.escrow.pendingBurn()).to.equal(BURNED + WORKER_STAKE);
      await expectBooksToBalance(market);
    });

    it("leaves the task open while none has the odds", async function () {
      const market = await loadFixture(openMarketFixture);
      const opened = await openDeal(market);
      const casts = [
        ...agreeing(market.workers.slice(0, 2), opened),
        ...agreeing([market.workers[2]!], opened, WRONG),
        ...agreeing([market.workers[3]!], opened, ethers.id("third") as Hash),
      ];

      const changes = await changesOf(market, market.workers, async () => {
        await expect(settleVotes(market, casts)).to.emit(market.hub, "TaskKept").withArgs(opened.dealId, 0n, anyValue);
      });

      expect(changes.every(({ available, locked }) => available === 0n && locked === 0n)).to.equal(true);
      expect((await market.hub.workerOf(market.workers[0]!)).score).to.equal(0n);
    });

    it("counts a group by its product: two against two at trust 2 is undecided", async function () {
      const market = await loadFixture(openMarketFixture);
      const opened = await openDeal(market, { request: { trust: 2, volume: 2 } });
      const [a, b, c, d, e] = market.workers;
      const casts = [
        ...agreeing([a!, b!], opened, RIGHT, 0),
        ...agreeing([c!, d!], opened, WRONG, 0),
        ...agreeing([a!, b!, e!], opened, RIGHT, 1),
        ...agreeing([c!, d!], opened, WRONG, 1),
      ];

      const tx = await settleVotes(market, casts);

      await expect(tx).to.emit(market.hub, "TaskKept").withArgs(opened.dealId, 0n, anyValue);
      await expect(tx).to.emit(market.hub, "TaskSettled").withArgs(opened.dealId, 1n, RIGHT);
    });
  });

  describe("given a vote that its worker does not open", function () {
    it("leaves the task open, however the others agree", async function () {
      const market = await loadFixture(openMarketFixture);
      const opened = await openDeal(market);
      const casts = [
        ...agreeing(market.workers.slice(0, 3), opened),
        { worker: market.workers[3]!, opened, digest: RIGHT, silent: true },
      ];

      await expect(settleVotes(market, casts)).to.emit(market.hub, "TaskKept").withArgs(opened.dealId, 0n, anyValue);
    });
  });

  it("settles several deals of several parties at once", async function () {
    const market = await loadFixture(openMarketFixture);
    const deals = [];
    for (let i = 0; i < 3; i++) deals.push(await openDeal(market, { request: { volume: 2 } }));
    const casts = deals.flatMap((opened) =>
      [0, 1].flatMap((index) => agreeing(market.workers.slice(0, 3), opened, RIGHT, index)),
    );
    const round = await roundOf(market, casts);
    await seal(market, round);

    const [payer, pool] = await changesOf(market, [market.requester, market.poolOwner], () => settle(market, round));

    expect(payer!.locked).to.equal(-6n * (APP_PRICE + POOL_PRICE));
    const available = 6n * (POOL_STAKE + SCHEDULER_PART + (WORKERS_PART % 3n));
    expect(pool, "of all deals, not of the last alone").to.deep.equal({ available, locked: -6n * POOL_STAKE });
    for (const { dealId } of deals) expect(await market.hub.dealState(dealId)).to.deep.equal([false, 2n]);
    await expectBooksToBalance(market);
  });
});
