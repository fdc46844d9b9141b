import { expect } from "chai";

import { ethers, loadFixture } from "./support/chain.ts";
import type { Account } from "./support/chain.ts";
import { MILL } from "./support/market.ts";
import { permitOf } from "./support/permit.ts";

const MAX_INT128 = 2n ** 127n - 1n;

/** The two ledgers are ordinary accounts here, so that a test can post what it likes. */
async function openEscrowFixture() {
  const [holder, marketplace, hub, alice, bob] = (await ethers.getSigners()) as [
    Account,
    Account,
    Account,
    Account,
    Account,
  ];
  const token = await ethers.deployContract("MillToken", [holder.address]);
  const escrow = await ethers.deployContract("Escrow", [token, marketplace.address, hub.address]);
  await token.transfer(alice, 1_000n * MILL);
  await token.connect(alice).approve(escrow, ethers.MaxUint256);
  return { token, escrow, marketplace, hub, alice, bob };
}

async function aliceHas100Fixture() {
  const world = await openEscrowFixture();
  await world.escrow.connect(world.alice).deposit(100n * MILL);
  return world;
}

describe("Escrow", function () {
  describe("deposit", function () {
    it("takes the tokens and makes them available", async function () {
      const { escrow, token, alice } = await loadFixture(openEscrowFixture);

      const tx = escrow.connect(alice).deposit(5n * MILL);

      await expect(tx)
        .to.emit(escrow, "Deposited")
        .withArgs(alice, alice, 5n * MILL);
      await expect(tx).to.changeTokenBalances(ethers, token, [alice, escrow], [-5n * MILL, 5n * MILL]);
      expect(await escrow.balanceOf(alice)).to.deep.equal([5n * MILL, 0n]);
    });

    it("credits another account when told so", async function () {
      const { escrow, alice, bob } = await loadFixture(openEscrowFixture);

      await expect(escrow.connect(alice).depositFor(bob, MILL)).to.emit(escrow, "Deposited").withArgs(bob, alice, MILL);

      expect(await escrow.balanceOf(bob)).to.deep.equal([MILL, 0n]);
      expect(await escrow.balanceOf(alice)).to.deep.equal([0n, 0n]);
    });

    it("rejects zero", async function () {
      const { escrow, alice } = await loadFixture(openEscrowFixture);

      await expect(escrow.connect(alice).deposit(0n)).to.be.revertedWithCustomError(escrow, "EscrowZeroAmount");
    });

    it("rejects more than the caller has", async function () {
      const { escrow, token, alice } = await loadFixture(openEscrowFixture);

      await expect(escrow.connect(alice).deposit(1_000n * MILL + 1n))
        .to.be.revertedWithCustomError(token, "ERC20InsufficientBalance")
        .withArgs(alice, 1_000n * MILL, 1_000n * MILL + 1n);
    });
  });

  describe("depositWithPermit", function () {
    it("uses the permit", async function () {
      const { escrow, token, alice } = await loadFixture(openEscrowFixture);
      await token.connect(alice).approve(escrow, 0n);
      const { v, r, s } = await permitOf(token, alice, await escrow.getAddress(), MILL);

      await escrow.connect(alice).depositWithPermit(MILL, ethers.MaxUint256, v, r, s);

      expect(await escrow.balanceOf(alice)).to.deep.equal([MILL, 0n]);
    });

    it("still works when somebody sent the permit before", async function () {
      const { escrow, token, alice, bob } = await loadFixture(openEscrowFixture);
      await token.connect(alice).approve(escrow, 0n);
      const { v, r, s } = await permitOf(token, alice, await escrow.getAddress(), MILL);
      await token.connect(bob).permit(alice, escrow, MILL, ethers.MaxUint256, v, r, s);

      await escrow.connect(alice).depositWithPermit(MILL, ethers.MaxUint256, v, r, s);

      expect(await escrow.balanceOf(alice)).to.deep.equal([MILL, 0n]);
    });

    it("fails without allowance when the permit is bad", async function () {
      const { escrow, token, alice } = await loadFixture(openEscrowFixture);
      await token.connect(alice).approve(escrow, 0n);

      await expect(escrow.connect(alice).depositWithPermit(MILL, ethers.MaxUint256, 27, ethers.id("r"), ethers.id("s")))
        .to.be.revertedWithCustomError(token, "ERC20InsufficientAllowance")
        .withArgs(escrow, 0n, MILL);
    });
  });

  describe("withdraw", function () {
    it("pays out everything available", async function () {
      const { escrow, token, alice } = await loadFixture(aliceHas100Fixture);

      const tx = escrow.connect(alice).withdraw(100n * MILL);

      await expect(tx)
        .to.emit(escrow, "Withdrawn")
        .withArgs(alice, alice, 100n * MILL);
      await expect(tx).to.changeTokenBalances(ethers, token, [escrow, alice], [-100n * MILL, 100n * MILL]);
      expect(await escrow.balanceOf(alice)).to.deep.equal([0n, 0n]);
    });

    it("pays to another address when told so", async function () {
      const { escrow, token, alice, bob } = await loadFixture(aliceHas100Fixture);

      const tx = escrow.connect(alice).withdrawTo(bob, MILL);

      await expect(tx).to.emit(escrow, "Withdrawn").withArgs(alice, bob, MILL);
      await expect(tx).to.changeTokenBalances(ethers, token, [escrow, bob], [-MILL, MILL]);
    });

    it("rejects one wei more than is available", async function () {
      const { escrow, alice } = await loadFixture(aliceHas100Fixture);

      await expect(escrow.connect(alice).withdraw(100n * MILL + 1n))
        .to.be.revertedWithCustomError(escrow, "EscrowInsufficientBalance")
        .withArgs(alice, 100n * MILL, -100n * MILL - 1n);
    });

    it("does not pay out what is locked", async function () {
      const { escrow, hub, alice } = await loadFixture(aliceHas100Fixture);
      await escrow.connect(hub).post([{ account: alice, available: -60n * MILL, locked: 60n * MILL }]);

      await expect(escrow.connect(alice).withdraw(40n * MILL + 1n))
        .to.be.revertedWithCustomError(escrow, "EscrowInsufficientBalance")
        .withArgs(alice, 40n * MILL, -40n * MILL - 1n);
    });

    it("does not pay out to itself, where nobody could get at it", async function () {
      const { escrow, alice } = await loadFixture(aliceHas100Fixture);

      await expect(escrow.connect(alice).withdrawTo(escrow, MILL)).to.be.revertedWithCustomError(
        escrow,
        "EscrowPaysItself",
      );
    });

    it("rejects zero", async function () {
      const { escrow, alice } = await loadFixture(aliceHas100Fixture);

      await expect(escrow.connect(alice).withdraw(0n)).to.be.revertedWithCustomError(escrow, "EscrowZeroAmount");
    });
  });

  describe("post", function () {
    for (const ledger of ["marketplace", "hub"] as const) {
      it(`moves balances for the ${ledger} and says so`, async function () {
        const { escrow, alice, bob, ...ledgers } = await loadFixture(aliceHas100Fixture);

        const tx = escrow.connect(ledgers[ledger]).post([
          { account: alice, available: -30n * MILL, locked: 10n * MILL },
          { account: bob, available: 20n * MILL, locked: 0n },
        ]);

        await expect(tx)
          .to.emit(escrow, "Posted")
          .withArgs(alice, -30n * MILL, 10n * MILL);
        await expect(tx)
          .to.emit(escrow, "Posted")
          .withArgs(bob, 20n * MILL, 0n);
        expect(await escrow.balanceOf(alice)).to.deep.equal([70n * MILL, 10n * MILL]);
        expect(await escrow.balanceOf(bob)).to.deep.equal([20n * MILL, 0n]);
        expect(await escrow.pendingBurn()).to.equal(0n);
      });
    }

    it("is for the two ledgers alone", async function () {
      const { escrow, alice } = await loadFixture(aliceHas100Fixture);

      await expect(escrow.connect(alice).post([]))
        .to.be.revertedWithCustomError(escrow, "EscrowNotLedger")
        .withArgs(alice);
    });

    it("takes a balance down to zero", async function () {
      const { escrow, hub, alice } = await loadFixture(aliceHas100Fixture);

      await escrow.connect(hub).post([{ account: alice, available: -100n * MILL, locked: 100n * MILL }]);

      expect(await escrow.balanceOf(alice)).to.deep.equal([0n, 100n * MILL]);
    });

    it("rejects a balance below zero", async function () {
      const { escrow, hub, alice } = await loadFixture(aliceHas100Fixture);

      await expect(escrow.connect(hub).post([{ account: alice, available: -100n * MILL - 1n, locked: 0n }]))
        .to.be.revertedWithCustomError(escrow, "EscrowInsufficientBalance")
        .withArgs(alice, 100n * MILL, -100n * MILL - 1n);
      await expect(escrow.connect(hub).post([{ account: alice, available: 0n, locked: -1n }]))
        .to.be.revertedWithCustomError(escrow, "EscrowInsufficientBalance")
        .withArgs(alice, 0n, -1n);
    });

    it("rejects a balance that does not fit", async function () {
      const { escrow, hub, alice } = await loadFixture(aliceHas100Fixture);
      const entry = { account: alice, available: MAX_INT128, locked: 0n };

      await expect(escrow.connect(hub).post([entry, entry]))
        .to.be.revertedWithCustomError(escrow, "EscrowInsufficientBalance")
        .withArgs(alice, 100n * MILL + MAX_INT128, MAX_INT128);
    });

    it("rejects entries that create a single wei", async function () {
      const { escrow, hub, alice, bob } = await loadFixture(aliceHas100Fixture);
      const entries = [
        { account: alice, available: -MILL, locked: 0n },
        { account: bob, available: MILL, locked: 1n },
      ];

      await expect(escrow.connect(hub).post(entries))
        .to.be.revertedWithCustomError(escrow, "EscrowCreatesTokens")
        .withArgs(1n);
    });

    it("keeps what is missing for burning", async function () {
      const { escrow, hub, alice } = await loadFixture(aliceHas100Fixture);

      await escrow.connect(hub).post([{ account: alice, available: -3n * MILL, locked: MILL }]);
      await escrow.connect(hub).post([{ account: alice, available: 0n, locked: -MILL }]);

      expect(await escrow.pendingBurn()).to.equal(3n * MILL);
    });
  });

  describe("lock", function () {
    for (const ledger of ["marketplace", "hub"] as const) {
      it(`locks everything that is available for the ${ledger}, and says so`, async function () {
        const { escrow, alice, ...ledgers } = await loadFixture(aliceHas100Fixture);
        await escrow.connect(ledgers[ledger]).lock(alice, 30n * MILL);

        const tx = escrow.connect(ledgers[ledger]).lock(alice, 70n * MILL);

        await expect(tx)
          .to.emit(escrow, "Locked")
          .withArgs(alice, 70n * MILL);
        expect(await escrow.balanceOf(alice)).to.deep.equal([0n, 100n * MILL]);
      });
    }

    it("is for the two ledgers alone", async function () {
      const { escrow, alice } = await loadFixture(aliceHas100Fixture);

      await expect(escrow.connect(alice).lock(alice, 1n))
        .to.be.revertedWithCustomError(escrow, "EscrowNotLedger")
        .withArgs(alice);
    });

    it("rejects one wei more than is available", async function () {
      const { escrow, hub, alice } = await loadFixture(aliceHas100Fixture);

      await expect(escrow.connect(hub).lock(alice, 100n * MILL + 1n))
        .to.be.revertedWithCustomError(escrow, "EscrowInsufficientBalance")
        .withArgs(alice, 100n * MILL, -100n * MILL - 1n);
    });

    it("rejects an amount whose lower half alone would do", async function () {
      const { escrow, hub, alice } = await loadFixture(aliceHas100Fixture);

      await expect(escrow.connect(hub).lock(alice, 2n ** 128n + 1n))
        .to.be.revertedWithCustomError(escrow, "EscrowInsufficientBalance")
        .withArgs(alice, 100n * MILL, -(2n ** 128n) - 1n);
    });
  });

  describe("sweepBurned", function () {
    it("takes what was written off out of the supply, for anybody who asks", async function () {
      const { escrow, token, hub, alice, bob } = await loadFixture(aliceHas100Fixture);
      await escrow.connect(hub).post([{ account: alice, available: -3n * MILL, locked: 0n }]);
      const supply = await token.totalSupply();

      await expect(escrow.connect(bob).sweepBurned())
        .to.emit(escrow, "Burned")
        .withArgs(3n * MILL);

      expect(await token.totalSupply()).to.equal(supply - 3n * MILL);
      expect(await token.balanceOf(escrow)).to.equal(97n * MILL);
      expect(await escrow.pendingBurn()).to.equal(0n);
    });
  });
});
