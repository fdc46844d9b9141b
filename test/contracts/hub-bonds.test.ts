import { expect } from "chai";

import { UNBONDING_SECONDS } from "../../protocol/constants.ts";
import { changesOf, expectBooksToBalance } from "./support/books.ts";
import { loadFixture, time } from "./support/chain.ts";
import { BOND, MILL, openMarketFixture } from "./support/market.ts";

/** A worker that took 400 of its 1000 MILL out of its bond. */
async function unbondingFixture() {
  const market = await openMarketFixture();
  const worker = market.workers[0]!;
  await market.hub.connect(worker).unbond(400n * MILL);
  const readyAt = (await time.latest()) + UNBONDING_SECONDS;
  return { ...market, worker, readyAt };
}

describe("Hub: bonds", function () {
  describe("bond", function () {
    it("locks the amount and says so", async function () {
      const market = await loadFixture(openMarketFixture);
      const { hub, stranger } = market;

      const [change] = await changesOf(market, [stranger], async () => {
        await expect(hub.connect(stranger).bond(7n * MILL))
          .to.emit(hub, "Bonded")
          .withArgs(stranger, 7n * MILL);
      });

      expect(change).to.deep.equal({ available: -7n * MILL, locked: 7n * MILL });
      expect(await hub.workerOf(stranger)).to.deep.equal([7n * MILL, 0n, 0n, 0n]);
      await expectBooksToBalance(market);
    });

    it("adds to what is bonded", async function () {
      const { hub, workers } = await loadFixture(openMarketFixture);

      await hub.connect(workers[0]).bond(MILL);

      expect((await hub.workerOf(workers[0]!)).bonded).to.equal(BOND + MILL);
    });

    it("rejects zero", async function () {
      const { hub, stranger } = await loadFixture(openMarketFixture);

      await expect(hub.connect(stranger).bond(0n)).to.be.revertedWithCustomError(hub, "HubZeroAmount");
    });

    it("rejects more than is available", async function () {
      const { hub, escrow, stranger } = await loadFixture(openMarketFixture);
      const { available } = await escrow.balanceOf(stranger);

      await expect(hub.connect(stranger).bond(available + 1n))
        .to.be.revertedWithCustomError(escrow, "EscrowInsufficientBalance")
        .withArgs(stranger, available, -available - 1n);
    });
  });

  describe("unbond", function () {
    it("starts the delay and moves no money", async function () {
      const market = await loadFixture(openMarketFixture);
      const worker = market.workers[0]!;
      const at = (await time.latest()) + 10;
      await time.setNextBlockTimestamp(at);

      const [change] = await changesOf(market, [worker], async () => {
        await expect(market.hub.connect(worker).unbond(BOND))
          .to.emit(market.hub, "Unbonding")
          .withArgs(worker, BOND, at + UNBONDING_SECONDS);
      });

      expect(change).to.deep.equal({ available: 0n, locked: 0n });
      expect(await market.hub.workerOf(worker)).to.deep.equal([0n, BOND, BigInt(at + UNBONDING_SECONDS), 0n]);
    });

    it("restarts the delay for what was on its way already", async function () {
      const { hub, worker, readyAt } = await loadFixture(unbondingFixture);
      await time.setNextBlockTimestamp(readyAt - 1);

      await hub.connect(worker).unbond(MILL);

      const account = await hub.workerOf(worker);
      expect(account.unbonding).to.equal(401n * MILL);
      expect(account.readyAt).to.equal(BigInt(readyAt - 1 + UNBONDING_SECONDS));
    });

    it("rejects one wei more than is bonded", async function () {
      const { hub, workers } = await loadFixture(openMarketFixture);

      await expect(hub.connect(workers[0]).unbond(BOND + 1n))
        .to.be.revertedWithCustomError(hub, "HubBondTooSmall")
        .withArgs(BOND, BOND + 1n);
    });

    it("rejects zero, which would only restart a delay", async function () {
      const { hub, worker } = await loadFixture(unbondingFixture);

      await expect(hub.connect(worker).unbond(0n)).to.be.revertedWithCustomError(hub, "HubZeroAmount");
    });
  });

  describe("withdrawBond", function () {
    it("gives back what is ready, at the second it is ready", async function () {
      const market = await loadFixture(unbondingFixture);
      const { hub, worker, readyAt } = market;
      await time.setNextBlockTimestamp(readyAt);

      const [change] = await changesOf(market, [worker], async () => {
        await expect(hub.connect(worker).withdrawBond())
          .to.emit(hub, "BondWithdrawn")
          .withArgs(worker, 400n * MILL);
      });

      expect(change).to.deep.equal({ available: 400n * MILL, locked: -400n * MILL });
      expect((await hub.workerOf(worker)).bonded).to.equal(600n * MILL);
      await expectBooksToBalance(market);
    });

    it("gives nothing back one second before", async function () {
      const { hub, worker, readyAt } = await loadFixture(unbondingFixture);
      await time.setNextBlockTimestamp(readyAt - 1);

      await expect(hub.connect(worker).withdrawBond())
        .to.be.revertedWithCustomError(hub, "HubBondNotReady")
        .withArgs(readyAt);
    });

    it("gives it back once", async function () {
      const { hub, worker, readyAt } = await loadFixture(unbondingFixture);
      await time.setNextBlockTimestamp(readyAt);
      await hub.connect(worker).withdrawBond();

      await expect(hub.connect(worker).withdrawBond())
        .to.be.revertedWithCustomError(hub, "HubNothingUnbonding")
        .withArgs(worker);
    });
  });
});
