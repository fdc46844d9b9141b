import { expect } from "chai";

import { SETTLE_WINDOW_SECONDS } from "../../protocol/constants.ts";
import { packDeal } from "../../protocol/deal-words.ts";
import { changesOf, expectBooksToBalance } from "./support/books.ts";
import { loadFixture, time } from "./support/chain.ts";
import { POOL, openMarketFixture } from "./support/market.ts";
import { APP_PRICE, POOL_PRICE, POOL_STAKE, openDeal } from "./support/orders.ts";
import { RIGHT, agreeing, roundOf, seal, settle, settleVotes } from "./support/round.ts";

const GRACE = 600;
/** Seconds from opening to deadline in category 0. */
const LIFETIME = 3_000;
/** Place of `appOwner`, which a claim does not read, in an encoded deal. */
const APP_OWNER_WORD = 3;
const TASK_PRICE = APP_PRICE + POOL_PRICE;

/** A deal of three tasks that its pool may still decline. */
async function inGraceFixture() {
  const market = await openMarketFixture();
  const opened = await openDeal(market, { pool: { grace: GRACE }, request: { volume: 3 } });
  return { market, ...opened };
}

/** A deal of three tasks without grace, one of them settled. */
async function oneOfThreeFixture() {
  const market = await openMarketFixture();
  const opened = await openDeal(market, { request: { volume: 3 } });
  await settleVotes(market, agreeing(market.workers.slice(0, 2), opened, RIGHT, 1));
  return { market, ...opened, claimableAt: opened.deal.openedAt + LIFETIME + SETTLE_WINDOW_SECONDS + 1 };
}

describe("Hub: deals", function () {
  describe("decline", function () {
    it("refunds the payer and releases the stake, and burns nothing", async function () {
      const { market, deal, dealId } = await loadFixture(inGraceFixture);

      const [payer, pool] = await changesOf(market, [market.requester, market.poolOwner], async () => {
        await expect(market.hub.connect(market.operator).decline(packDeal(deal)))
          .to.emit(market.hub, "DealDeclined")
          .withArgs(dealId, 3n);
      });

      expect(payer).to.deep.equal({ available: 3n * TASK_PRICE, locked: -3n * TASK_PRICE });
      expect(pool).to.deep.equal({ available: 3n * POOL_STAKE, locked: -3n * POOL_STAKE });
      expect(await market.escrow.pendingBurn()).to.equal(0n);
      expect(await market.hub.dealState(dealId)).to.deep.equal([false, 3n]);
      expect(await market.hub.isClosed(dealId, 2n)).to.equal(true);
      await expectBooksToBalance(market);
    });

    it("is possible in the last second of the grace", async function () {
      const { market, deal } = await loadFixture(inGraceFixture);
      await time.setNextBlockTimestamp(deal.openedAt + GRACE);

      await expect(market.hub.connect(market.operator).decline(packDeal(deal))).to.emit(market.hub, "DealDeclined");
    });

    it("is not possible one second later", async function () {
      const { market, deal } = await loadFixture(inGraceFixture);
      await time.setNextBlockTimestamp(deal.openedAt + GRACE + 1);

      await expect(market.hub.connect(market.operator).decline(packDeal(deal)))
        .to.be.revertedWithCustomError(market.hub, "HubGraceOver")
        .withArgs(deal.openedAt + GRACE);
    });

    it("is possible in the opening second with a grace, and never without one", async function () {
      const { market } = await loadFixture(inGraceFixture);
      const asOperator = market.hub.connect(market.operator);

      // A call at the last block runs in that block's second.
      const { deal: declinable } = await openDeal(market, { pool: { grace: 1 } });
      await asOperator.decline.staticCall(packDeal(declinable), { blockTag: "latest" });

      const { deal } = await openDeal(market, { pool: { grace: 0 } });
      await expect(asOperator.decline.staticCall(packDeal(deal), { blockTag: "latest" }))
        .to.be.revertedWithCustomError(market.hub, "HubGraceOver")
        .withArgs(deal.openedAt);
    });

    it("is the operator's alone", async function () {
      const { market, deal } = await loadFixture(inGraceFixture);

      await expect(market.hub.connect(market.poolOwner).decline(packDeal(deal)))
        .to.be.revertedWithCustomError(market.hub, "HubNotOperator")
        .withArgs(POOL, market.poolOwner);
    });

    it("happens once", async function () {
      const { market, deal, dealId } = await loadFixture(inGraceFixture);
      await market.hub.connect(market.operator).decline(packDeal(deal));

      await expect(market.hub.connect(market.operator).decline(packDeal(deal)))
        .to.be.revertedWithCustomError(market.hub, "HubDealNotOpen")
        .withArgs(dealId);
    });

    it("rejects a deal that is not exactly the one that was opened", async function () {
      const { market, deal } = await loadFixture(inGraceFixture);
      const inflated = { ...deal, appPrice: deal.appPrice + 1n };

      await expect(market.hub.connect(market.operator).decline(packDeal(inflated))).to.be.revertedWithCustomError(
        market.hub,
        "HubDealNotOpen",
      );
    });
  });

  describe("claim", function () {
    it("knows no deal by words with dirty bits, though it does not read them", async function () {
      const { market, deal, claimableAt } = await loadFixture(oneOfThreeFixture);
      const claim = market.hub.interface.encodeFunctionData("claim", [packDeal(deal)]);
      const start = 2 + 8 + 64 * APP_OWNER_WORD;
      const data = `${claim.slice(0, start)}80${claim.slice(start + 2)}`;
      await time.setNextBlockTimestamp(claimableAt);

      await expect(market.requester.sendTransaction({ to: market.hub, data })).to.be.revertedWithCustomError(
        market.hub,
        "HubDealNotOpen",
      );
      expect(claim.slice(start, start + 2)).to.equal("00");
      await market.requester.sendTransaction({ to: market.hub, data: claim });
    });

    it("refunds the open tasks to the payer and burns their stakes", async function () {
      const { market, deal, dealId, claimableAt } = await loadFixture(oneOfThreeFixture);
      const burnedBefore = await market.escrow.pendingBurn();
      await time.increaseTo(claimableAt);

      const [payer, pool] = await changesOf(market, [market.requester, market.poolOwner], async () => {
        await expect(market.hub.connect(market.stranger).claim(packDeal(deal)))
          .to.emit(market.hub, "DealClaimed")
          .withArgs(dealId, 2n);
      });

      expect(payer).to.deep.equal({ available: 2n * TASK_PRICE, locked: -2n * TASK_PRICE });
      expect(pool).to.deep.equal({ available: 0n, locked: -2n * POOL_STAKE });
      expect(await market.escrow.pendingBurn()).to.equal(burnedBefore + 2n * POOL_STAKE);
      expect(await market.hub.dealState(dealId)).to.deep.equal([false, 3n]);
      await expectBooksToBalance(market);
    });

    it("waits until the last settlement is out of the question", async function () {
      const { market, deal, claimableAt } = await loadFixture(oneOfThreeFixture);
      await time.setNextBlockTimestamp(claimableAt - 1);

      await expect(market.hub.claim(packDeal(deal)))
        .to.be.revertedWithCustomError(market.hub, "HubClaimTooEarly")
        .withArgs(claimableAt - 1);
    });

    it("is possible one second later", async function () {
      const { market, deal, claimableAt } = await loadFixture(oneOfThreeFixture);
      await time.setNextBlockTimestamp(claimableAt);

      await expect(market.hub.claim(packDeal(deal))).to.emit(market.hub, "DealClaimed");
    });

    it("never races a settlement: what is sealed at the deadline settles in the second before", async function () {
      const { market, claimableAt, ...opened } = await loadFixture(oneOfThreeFixture);
      const round = await roundOf(market, agreeing(market.workers.slice(0, 2), opened));
      await time.setNextBlockTimestamp(opened.deal.openedAt + LIFETIME);
      await seal(market, round);
      await time.setNextBlockTimestamp(claimableAt - 1);

      await expect(settle(market, round)).to.emit(market.hub, "TaskSettled").withArgs(opened.dealId, 0n, RIGHT);
    });

    it("happens once", async function () {
      const { market, deal, dealId, claimableAt } = await loadFixture(oneOfThreeFixture);
      await time.increaseTo(claimableAt);
      await market.hub.claim(packDeal(deal));

      await expect(market.hub.claim(packDeal(deal)))
        .to.be.revertedWithCustomError(market.hub, "HubDealNotOpen")
        .withArgs(dealId);
    });

    it("has nothing to give where every task is settled", async function () {
      const { market, claimableAt, ...opened } = await loadFixture(oneOfThreeFixture);
      const pair = market.workers.slice(0, 2);
      await settleVotes(market, [...agreeing(pair, opened, RIGHT, 0), ...agreeing(pair, opened, RIGHT, 2)]);
      await time.increaseTo(claimableAt);

      await expect(market.hub.claim(packDeal(opened.deal)))
        .to.be.revertedWithCustomError(market.hub, "HubDealNotOpen")
        .withArgs(opened.dealId);
    });

    it("cannot be blocked by a payer or pool owner who withdrew everything", async function () {
      const { market, deal, claimableAt } = await loadFixture(oneOfThreeFixture);
      for (const account of [market.requester, market.poolOwner]) {
        const { available } = await market.escrow.balanceOf(account);
        await market.escrow.connect(account).withdraw(available);
      }
      await time.increaseTo(claimableAt);

      await expect(market.hub.claim(packDeal(deal))).to.emit(market.hub, "DealClaimed");
      await expectBooksToBalance(market);
    });
  });

  it("knows nothing of a deal that was never opened", async function () {
    const { market, deal } = await loadFixture(inGraceFixture);
    const other = { ...deal, category: 1 };

    expect(await market.hub.isClosed(deal.requestHash, 0n)).to.equal(false);
    expect(await market.hub.dealState(deal.requestHash)).to.deep.equal([false, 0n]);
    await time.increase(100_000);
    await expect(market.hub.claim(packDeal(other))).to.be.revertedWithCustomError(market.hub, "HubDealNotOpen");
  });
});
