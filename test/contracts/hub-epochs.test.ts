import { expect } from "chai";

import { jointHashOf } from "../../protocol/ballot.ts";
import { SETTLE_WINDOW_SECONDS } from "../../protocol/constants.ts";
import { packDeal } from "../../protocol/deal-words.ts";
import type { Hash } from "../../protocol/primitives.ts";
import { ethers, loadFixture, time } from "./support/chain.ts";
import { LANE, POOL, openMarketFixture } from "./support/market.ts";
import { addressOf, openDeal } from "./support/orders.ts";
import { agreeing, roundOf, seal, settle, settleVotes } from "./support/round.ts";

const LEAVES = [ethers.id("a") as Hash, ethers.id("b") as Hash];

/** Two votes for one task are sealed, not settled. */
async function sealedFixture() {
  const market = await openMarketFixture();
  const opened = await openDeal(market);
  const round = await roundOf(market, agreeing(market.workers.slice(0, 2), opened));
  await seal(market, round);
  return { market, opened, round, sealedAt: await time.latest() };
}

describe("Hub: epochs", function () {
  describe("seal", function () {
    it("stores the joint hash and says which ballots", async function () {
      const { hub, operator } = await loadFixture(openMarketFixture);
      const at = (await time.latest()) + 10;
      await time.setNextBlockTimestamp(at);

      const tx = hub.connect(operator).seal(POOL, LANE, LEAVES);

      await expect(tx).to.emit(hub, "Sealed").withArgs(POOL, LANE, 1n, LEAVES);
      expect(await hub.epochOf(POOL, LANE)).to.deep.equal([jointHashOf(LEAVES), 1n, BigInt(at), false]);
    });

    it("takes no ballots at all too", async function () {
      const { hub, operator } = await loadFixture(openMarketFixture);

      await hub.connect(operator).seal(POOL, LANE, []);

      expect((await hub.epochOf(POOL, LANE)).jointHash).to.equal(ethers.keccak256("0x"));
    });

    it("keeps lanes and pools apart", async function () {
      const { hub, poolRegistry, operator } = await loadFixture(openMarketFixture);
      await poolRegistry.connect(operator).register(operator, "");

      await hub.connect(operator).seal(POOL, 0, LEAVES);
      await hub.connect(operator).seal(POOL, 1, LEAVES);
      await hub.connect(operator).seal(2n, 0, LEAVES);

      expect((await hub.epochOf(POOL, 1)).epoch).to.equal(1n);
      expect((await hub.epochOf(2n, 0)).epoch).to.equal(1n);
      expect((await hub.epochOf(2n, 1)).epoch).to.equal(0n);
    });

    it("is the operator's alone, not even the pool owner's", async function () {
      const { hub, poolOwner } = await loadFixture(openMarketFixture);

      await expect(hub.connect(poolOwner).seal(POOL, LANE, LEAVES))
        .to.be.revertedWithCustomError(hub, "HubNotOperator")
        .withArgs(POOL, poolOwner);
    });

    it("follows a change of operator at once", async function () {
      const { hub, poolRegistry, poolOwner, operator, stranger } = await loadFixture(openMarketFixture);
      await poolRegistry.connect(poolOwner).setOperator(POOL, stranger);

      await expect(hub.connect(operator).seal(POOL, LANE, LEAVES))
        .to.be.revertedWithCustomError(hub, "HubNotOperator")
        .withArgs(POOL, operator);
      await hub.connect(stranger).seal(POOL, LANE, LEAVES);
    });

    it("rejects a pool that does not exist", async function () {
      const { hub, operator } = await loadFixture(openMarketFixture);

      await expect(hub.connect(operator).seal(9n, LANE, LEAVES))
        .to.be.revertedWithCustomError(hub, "HubNotOperator")
        .withArgs(9n, operator);
    });

    describe("given an epoch that is not settled", function () {
      it("waits to the end of its window", async function () {
        const { market, round, sealedAt } = await loadFixture(sealedFixture);
        await time.setNextBlockTimestamp(sealedAt + SETTLE_WINDOW_SECONDS);

        await expect(seal(market, round)).to.be.revertedWithCustomError(market.hub, "HubEpochPending").withArgs(1n);
      });

      it("goes on one second later, and counts on", async function () {
        const { market, round, sealedAt } = await loadFixture(sealedFixture);
        await time.setNextBlockTimestamp(sealedAt + SETTLE_WINDOW_SECONDS + 1);

        await expect(seal(market, round)).to.emit(market.hub, "Sealed").withArgs(POOL, LANE, 2n, round.leaves);
      });
    });

    it("goes on at once when the last epoch is settled", async function () {
      const { market, round } = await loadFixture(sealedFixture);
      await settle(market, round);

      await expect(seal(market, round)).to.emit(market.hub, "Sealed").withArgs(POOL, LANE, 2n, round.leaves);
      expect((await market.hub.epochOf(POOL, LANE)).settled).to.equal(false);
    });
  });

  describe("settle", function () {
    it("closes the epoch and says so", async function () {
      const { market, round } = await loadFixture(sealedFixture);

      await expect(settle(market, round)).to.emit(market.hub, "EpochSettled").withArgs(POOL, LANE, 1n);

      expect((await market.hub.epochOf(POOL, LANE)).settled).to.equal(true);
    });

    it("accepts it at the end of the window", async function () {
      const { market, round, sealedAt } = await loadFixture(sealedFixture);
      await time.setNextBlockTimestamp(sealedAt + SETTLE_WINDOW_SECONDS);

      await expect(settle(market, round)).to.emit(market.hub, "TaskSettled");
    });

    it("rejects it one second later", async function () {
      const { market, round, sealedAt } = await loadFixture(sealedFixture);
      await time.setNextBlockTimestamp(sealedAt + SETTLE_WINDOW_SECONDS + 1);

      await expect(settle(market, round))
        .to.be.revertedWithCustomError(market.hub, "HubEpochAbandoned")
        .withArgs(sealedAt + SETTLE_WINDOW_SECONDS);
    });

    it("rejects it in the second of the seal", async function () {
      const market = await loadFixture(openMarketFixture);
      const round = await roundOf(market, agreeing(market.workers.slice(0, 2), await openDeal(market)));
      const { provider } = ethers;
      await provider.send("evm_setAutomine", [false]);
      try {
        await seal(market, round);
        const { pool, lane, deals, tasks, ballots, callbacks } = round;
        await market.hub
          .connect(market.operator)
          .settle(pool, lane, deals.map(packDeal), tasks, [...ballots], [...callbacks], { gasLimit: 3_000_000n });
        await provider.send("evm_mine", []);
      } finally {
        await provider.send("evm_setAutomine", [true]);
      }

      const { settled, sealedAt } = await market.hub.epochOf(POOL, LANE);
      expect(settled, "the seal went through, the settle did not").to.equal(false);
      expect(sealedAt).to.equal(BigInt(await time.latest()));
      await expect(settle(market, round)).to.emit(market.hub, "EpochSettled");
    });

    it("rejects it twice", async function () {
      const { market, round } = await loadFixture(sealedFixture);
      await settle(market, round);

      await expect(settle(market, round)).to.be.revertedWithCustomError(market.hub, "HubEpochNotPending").withArgs(1n);
    });

    it("rejects it for a lane that was never sealed", async function () {
      const { market, round } = await loadFixture(sealedFixture);

      await expect(settle(market, { ...round, lane: 1 }))
        .to.be.revertedWithCustomError(market.hub, "HubEpochNotPending")
        .withArgs(0n);
    });

    it("is the operator's alone", async function () {
      const { market, round } = await loadFixture(sealedFixture);

      await expect(settle(market, round, market.stranger))
        .to.be.revertedWithCustomError(market.hub, "HubNotOperator")
        .withArgs(POOL, market.stranger);
    });

    it("settles an epoch without ballots", async function () {
      const market = await loadFixture(openMarketFixture);

      await expect(settleVotes(market, [])).to.emit(market.hub, "EpochSettled").withArgs(POOL, LANE, 1n);
    });
  });

  it("lets nobody but the pool registry say who operates a pool", async function () {
    const { hub, poolOwner, operator } = await loadFixture(openMarketFixture);

    for (const caller of [poolOwner, operator]) {
      await expect(hub.connect(caller).setOperator(POOL, caller))
        .to.be.revertedWithCustomError(hub, "HubNotPoolRegistry")
        .withArgs(caller);
    }
  });

  describe("given ballots", function () {
    it("rejects them when a leaf differs from what was sealed", async function () {
      const { market, opened, round } = await loadFixture(sealedFixture);
      const casts = agreeing(market.workers.slice(0, 2), opened, ethers.id("other") as Hash);
      const other = await roundOf(market, casts, { epoch: 1 });

      await expect(settle(market, other))
        .to.be.revertedWithCustomError(market.hub, "HubSealMismatch")
        .withArgs(round.jointHash, other.jointHash);
    });

    it("rejects them when one is left out", async function () {
      const { market, opened, round } = await loadFixture(sealedFixture);
      const alone = await roundOf(market, agreeing(market.workers.slice(0, 1), opened), { epoch: 1 });

      await expect(settle(market, alone))
        .to.be.revertedWithCustomError(market.hub, "HubSealMismatch")
        .withArgs(round.jointHash, alone.jointHash);
    });

    it("rejects them out of order, or twice", async function () {
      const { market, round } = await loadFixture(sealedFixture);
      const [first, second] = round.ballots;

      for (const ballots of [
        [second!, first!],
        [first!, first!],
      ]) {
        await expect(settle(market, { ...round, ballots }))
          .to.be.revertedWithCustomError(market.hub, "HubBallotsUnsorted")
          .withArgs(market.workers[0]);
      }
    });

    it("rejects one without a vote", async function () {
      const { market, round } = await loadFixture(sealedFixture);
      const idle = { ...round.ballots[1]!, worker: addressOf(market.workers[2]!) };

      await expect(settle(market, { ...round, ballots: [...round.ballots, idle] }))
        .to.be.revertedWithCustomError(market.hub, "HubBallotEmpty")
        .withArgs(market.workers[2]);
    });

    it("rejects one that its worker did not sign", async function () {
      const { market, round } = await loadFixture(sealedFixture);
      const [first, second] = round.ballots;
      const forged = { ...first!, r: second!.r, vs: second!.vs };

      await expect(settle(market, { ...round, ballots: [forged, second!] }))
        .to.be.revertedWithCustomError(market.hub, "HubBallotSignature")
        .withArgs(market.workers[0]);
    });

    it("rejects one that was signed for another epoch", async function () {
      const market = await loadFixture(openMarketFixture);
      const round = await roundOf(market, agreeing(market.workers.slice(0, 2), await openDeal(market)));
      await settleVotes(market, []);
      await seal(market, round);

      await expect(settle(market, round))
        .to.be.revertedWithCustomError(market.hub, "HubBallotSignature")
        .withArgs(market.workers[0]);
    });

    it("accepts one that was sealed in its last second", async function () {
      const market = await loadFixture(openMarketFixture);
      const casts = agreeing(market.workers.slice(0, 2), await openDeal(market));
      const sealBy = (await time.latest()) + 50;
      const round = await roundOf(market, casts, { sealBy });
      await time.setNextBlockTimestamp(sealBy);
      await seal(market, round);

      await expect(settle(market, round)).to.emit(market.hub, "TaskSettled");
    });

    it("rejects one that was sealed a second later", async function () {
      const market = await loadFixture(openMarketFixture);
      const casts = agreeing(market.workers.slice(0, 2), await openDeal(market));
      const sealBy = (await time.latest()) + 50;
      const round = await roundOf(market, casts, { sealBy });
      await time.setNextBlockTimestamp(sealBy + 1);
      await seal(market, round);

      await expect(settle(market, round))
        .to.be.revertedWithCustomError(market.hub, "HubBallotExpired")
        .withArgs(market.workers[0], sealBy);
    });
  });
});
