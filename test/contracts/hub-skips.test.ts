import { anyValue } from "@nomicfoundation/hardhat-ethers-chai-matchers/withArgs";
import { expect } from "chai";

import { packDeal } from "../../protocol/deal-words.ts";
import { dealIdOf, taskIdOf } from "../../protocol/deal.ts";
import { changesOf, expectBooksToBalance } from "./support/books.ts";
import { loadFixture, time } from "./support/chain.ts";
import { BOND, MILL, openMarketFixture } from "./support/market.ts";
import { WORKER_STAKE, openDeal } from "./support/orders.ts";
import { RIGHT, WRONG, agreeing, roundOf, seal, settle, settleVotes } from "./support/round.ts";

/** As in {SkipReason}. */
const SKIPPED = { DEAL_NOT_OPEN: 1n, IN_GRACE: 2n, LATE: 3n, TASK_CLOSED: 4n } as const;

/** Seconds from opening to deadline in category 0. */
const LIFETIME = 3_000;

/** Something that a stranger, a reorganisation or time did to one task must not stop the other. */
async function twoDealsFixture() {
  const market = await openMarketFixture();
  const other = await openDeal(market);
  return { market, other, pair: market.workers.slice(0, 2) };
}

describe("Hub: tasks that cannot settle", function () {
  describe("given a deal that is not open", function () {
    it("skips tasks of a deal that a reorganisation undid, and settles the others", async function () {
      const { market, other, pair } = await loadFixture(twoDealsFixture);
      const deal = { ...other.deal, openedAt: other.deal.openedAt - 1 };
      const gone = { deal, dealId: dealIdOf(deal) };

      const tx = await settleVotes(market, [...agreeing(pair, gone), ...agreeing(pair, other)]);

      await expect(tx).to.emit(market.hub, "TaskSkipped").withArgs(taskIdOf(gone.dealId, 0), SKIPPED.DEAL_NOT_OPEN);
      await expect(tx).to.emit(market.hub, "TaskSettled").withArgs(other.dealId, 0n, RIGHT);
      await expectBooksToBalance(market);
    });

    it("skips tasks of a deal that was declined", async function () {
      const { market, pair } = await loadFixture(twoDealsFixture);
      const opened = await openDeal(market, { pool: { grace: 100 } });
      const round = await roundOf(market, agreeing(pair, opened));
      await market.hub.connect(market.operator).decline(packDeal(opened.deal));
      await seal(market, round);

      await expect(settle(market, round))
        .to.emit(market.hub, "TaskSkipped")
        .withArgs(taskIdOf(opened.dealId, 0), SKIPPED.DEAL_NOT_OPEN);
    });

    it("skips tasks of a deal whose tasks are all settled", async function () {
      const { market, other, pair } = await loadFixture(twoDealsFixture);
      await settleVotes(market, agreeing(pair, other));

      const [payer] = await changesOf(market, [market.requester], async () => {
        await expect(settleVotes(market, agreeing(pair, other)))
          .to.emit(market.hub, "TaskSkipped")
          .withArgs(taskIdOf(other.dealId, 0), SKIPPED.DEAL_NOT_OPEN);
      });

      expect(payer).to.deep.equal({ available: 0n, locked: 0n });
    });
  });

  describe("given a task that was settled before", function () {
    for (const index of [0, 207, 208, 463, 464]) {
      it(`skips index ${index}, and settles its neighbour`, async function () {
        const { market, pair } = await loadFixture(twoDealsFixture);
        const opened = await openDeal(market, { request: { volume: 1_000 } });
        await settleVotes(market, agreeing(pair, opened, RIGHT, index));

        const tx = await settleVotes(market, [
          ...agreeing(pair, opened, RIGHT, index),
          ...agreeing(pair, opened, RIGHT, index + 1),
        ]);

        await expect(tx)
          .to.emit(market.hub, "TaskSkipped")
          .withArgs(taskIdOf(opened.dealId, index), SKIPPED.TASK_CLOSED);
        await expect(tx)
          .to.emit(market.hub, "TaskSettled")
          .withArgs(opened.dealId, index + 1, RIGHT);
        expect(await market.hub.isClosed(opened.dealId, index)).to.equal(true);
        expect(await market.hub.isClosed(opened.dealId, index + 2)).to.equal(false);
        expect(await market.hub.dealState(opened.dealId)).to.deep.equal([true, 2n]);
      });
    }
  });

  describe("given a grace", function () {
    it("skips tasks of an epoch that was sealed in its last second", async function () {
      const { market, pair } = await loadFixture(twoDealsFixture);
      const opened = await openDeal(market, { pool: { grace: 100 } });
      const round = await roundOf(market, agreeing(pair, opened));
      await time.setNextBlockTimestamp(opened.deal.openedAt + 100);
      await seal(market, round);

      await expect(settle(market, round))
        .to.emit(market.hub, "TaskSkipped")
        .withArgs(taskIdOf(opened.dealId, 0), SKIPPED.IN_GRACE);
    });

    it("settles tasks of an epoch that was sealed one second later", async function () {
      const { market, pair } = await loadFixture(twoDealsFixture);
      const opened = await openDeal(market, { pool: { grace: 100 } });
      const round = await roundOf(market, agreeing(pair, opened));
      await time.setNextBlockTimestamp(opened.deal.openedAt + 101);
      await seal(market, round);

      await expect(settle(market, round)).to.emit(market.hub, "TaskSettled").withArgs(opened.dealId, 0n, RIGHT);
    });
  });

  describe("given the deadline", function () {
    it("settles tasks of an epoch that was sealed at it", async function () {
      const { market, other, pair } = await loadFixture(twoDealsFixture);
      const round = await roundOf(market, agreeing(pair, other));
      await time.setNextBlockTimestamp(other.deal.openedAt + LIFETIME);
      await seal(market, round);

      await expect(settle(market, round)).to.emit(market.hub, "TaskSettled").withArgs(other.dealId, 0n, RIGHT);
    });

    it("skips tasks of an epoch that was sealed one second later", async function () {
      const { market, other, pair } = await loadFixture(twoDealsFixture);
      const round = await roundOf(market, agreeing(pair, other));
      await time.setNextBlockTimestamp(other.deal.openedAt + LIFETIME + 1);
      await seal(market, round);

      await expect(settle(market, round))
        .to.emit(market.hub, "TaskSkipped")
        .withArgs(taskIdOf(other.dealId, 0), SKIPPED.LATE);
    });
  });

  describe("given a worker without cover", function () {
    it("drops its vote as if it had not been cast", async function () {
      const { market, pair } = await loadFixture(twoDealsFixture);
      await market.hub.connect(pair[0]).unbond(BOND - WORKER_STAKE + 1n);
      await time.increase(86_400 - 100);
      const opened = await openDeal(market);

      // At trust 3 two votes are needed, and one of these two does not count.
      await expect(settleVotes(market, agreeing(pair, opened)))
        .to.emit(market.hub, "TaskKept")
        .withArgs(opened.dealId, 0n, anyValue);
    });

    it("counts a vote whose stake is covered exactly", async function () {
      const { market, pair } = await loadFixture(twoDealsFixture);
      await market.hub.connect(pair[0]).unbond(BOND - WORKER_STAKE);
      await time.increase(86_400 - 100);

      const opened = await openDeal(market);
      await expect(settleVotes(market, agreeing(pair, opened))).to.emit(market.hub, "TaskSettled");
    });

    it("lets a dropped vote, opened or not, block nothing and lose nothing", async function () {
      const { market, other, pair } = await loadFixture(twoDealsFixture);
      const poor = market.stranger;
      await market.hub.connect(poor).bond(WORKER_STAKE - 1n);
      const casts = [...agreeing(pair, other), { worker: poor, opened: other, digest: WRONG, silent: true }];

      await expect(settleVotes(market, casts)).to.emit(market.hub, "TaskSettled").withArgs(other.dealId, 0n, RIGHT);

      expect((await market.hub.workerOf(poor)).bonded).to.equal(WORKER_STAKE - 1n);
    });

    it("uses up cover vote by vote, in task order, slashed or not", async function () {
      const { market, pair } = await loadFixture(twoDealsFixture);
      const poor = market.stranger;
      await market.hub.connect(poor).bond(2n * WORKER_STAKE);
      const opened = await openDeal(market, { request: { volume: 3, trust: 5 } });
      const voters = [...pair, poor];
      const casts = [0, 1, 2].flatMap((index) => agreeing(voters, opened, RIGHT, index));

      const tx = await settleVotes(market, casts);

      for (const index of [0, 1]) {
        await expect(tx).to.emit(market.hub, "TaskSettled").withArgs(opened.dealId, index, RIGHT);
      }
      await expect(tx).to.emit(market.hub, "TaskKept").withArgs(opened.dealId, 2n, anyValue);
    });

    it("slashes no more than there is", async function () {
      const { market, pair } = await loadFixture(twoDealsFixture);
      const poor = market.stranger;
      await market.hub.connect(poor).bond(2n * WORKER_STAKE + 1n);
      const opened = await openDeal(market, { request: { volume: 3 } });
      const casts = [0, 1, 2].flatMap((index) => [
        ...agreeing([...pair, market.workers[2]!], opened, RIGHT, index),
        ...agreeing([poor], opened, WRONG, index),
      ]);

      await expect(settleVotes(market, casts))
        .to.emit(market.hub, "Slashed")
        .withArgs(poor, 2n * WORKER_STAKE);

      expect((await market.hub.workerOf(poor)).bonded).to.equal(1n);
      await expectBooksToBalance(market);
    });
  });

  describe("given a worker that is unbonding", function () {
    /** The first worker takes everything out; the epoch is sealed so that its window ends then, or `earlier` seconds before. */
    async function sealBeforeReady(earlier: number) {
      const { market, pair } = await twoDealsFixture();
      await market.hub.connect(pair[0]).unbond(BOND);
      const { readyAt } = await market.hub.workerOf(pair[0]!);
      await time.increaseTo(Number(readyAt) - 4_000);
      const opened = await openDeal(market);
      const others = market.workers.slice(1, 4);
      const casts = [...agreeing([pair[0]!], opened, WRONG), ...agreeing(others, opened)];
      const round = await roundOf(market, casts);
      await time.setNextBlockTimestamp(Number(readyAt) - 3_600 - earlier);
      await seal(market, round);
      return { market, worker: pair[0]!, round };
    }

    async function readyWithTheWindowFixture() {
      return sealBeforeReady(0);
    }

    async function readyAfterTheWindowFixture() {
      return sealBeforeReady(1);
    }

    it("covers votes with what is ready after the window", async function () {
      const { market, worker, round } = await loadFixture(readyAfterTheWindowFixture);

      await expect(settle(market, round)).to.emit(market.hub, "Slashed").withArgs(worker, WORKER_STAKE);

      expect((await market.hub.workerOf(worker)).unbonding).to.equal(BOND - WORKER_STAKE);
      await expectBooksToBalance(market);
    });

    it("covers nothing with what is ready in its last second", async function () {
      const { market, worker, round } = await loadFixture(readyWithTheWindowFixture);

      await expect(settle(market, round)).not.to.emit(market.hub, "Slashed");

      expect((await market.hub.workerOf(worker)).unbonding).to.equal(BOND);
    });

    it("takes a slash from what is bonded first", async function () {
      const { market, pair } = await loadFixture(twoDealsFixture);
      await market.hub.connect(pair[0]).unbond(BOND - 5n * MILL);
      const opened = await openDeal(market);
      const casts = [...agreeing([pair[0]!], opened, WRONG), ...agreeing(market.workers.slice(1, 4), opened)];

      await settleVotes(market, casts);

      const { bonded, unbonding } = await market.hub.workerOf(pair[0]!);
      expect(bonded).to.equal(0n);
      expect(unbonding).to.equal(BOND - 5n * MILL - (WORKER_STAKE - 5n * MILL));
    });
  });
});
