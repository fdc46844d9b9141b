import { expect } from "chai";

import { everybody, expectBooksToBalance } from "./support/books.ts";
import { ethers, loadFixture } from "./support/chain.ts";
import { FUNDS, MILL, openMarketFixture } from "./support/market.ts";
import { openDeal } from "./support/orders.ts";
import { permitOf } from "./support/permit.ts";
import { agreeing, settleVotes } from "./support/round.ts";

/** The stranger has tokens outside the escrow, and allows it to take them. */
async function allowanceFixture() {
  const market = await openMarketFixture();
  const { token, escrow, holder, stranger } = market;
  await token.connect(holder).transfer(stranger, 100n * MILL);
  await token.connect(stranger).approve(escrow, ethers.MaxUint256);
  return market;
}

describe("Escrow: what strangers try", function () {
  describe("given tokens that were sent past its functions", function () {
    it("owes them to nobody and gives them to nobody, and everybody else's can be taken out whole", async function () {
      const market = await loadFixture(openMarketFixture);
      const { token, escrow, hub, marketplace, holder } = market;
      await settleVotes(market, agreeing(market.workers.slice(0, 2), await openDeal(market)));
      for (const contract of [escrow, hub, marketplace]) await token.connect(holder).transfer(contract, 7n * MILL);

      for (const worker of market.workers) {
        await hub.connect(worker).unbond((await hub.workerOf(worker)).bonded);
      }
      await ethers.provider.send("evm_increaseTime", [86_400]);
      for (const worker of market.workers) await hub.connect(worker).withdrawBond();
      for (const account of everybody(market)) {
        const { available } = await escrow.balanceOf(account);
        if (available > 0n) await escrow.connect(account).withdraw(available);
      }
      await escrow.sweepBurned();

      expect(await token.balanceOf(escrow)).to.equal(7n * MILL);
      await expect(escrow.connect(holder).withdraw(1n)).to.be.revertedWithCustomError(
        escrow,
        "EscrowInsufficientBalance",
      );
      expect(await token.balanceOf(hub), "no way out of the hub").to.equal(7n * MILL);
    });

    it("keeps for ever what somebody deposits for a contract of ours", async function () {
      const market = await loadFixture(openMarketFixture);
      const { escrow, hub, holder } = market;

      for (const account of [escrow, hub]) await escrow.connect(holder).depositFor(account, MILL);

      await expectBooksToBalance(market, [await escrow.getAddress(), await hub.getAddress()]);
    });
  });

  it("rejects a deposit that no balance can hold beside what is there", async function () {
    const { escrow, stranger } = await loadFixture(allowanceFixture);
    const most = 2n ** 128n - 1n;

    await expect(escrow.connect(stranger).deposit(most))
      .to.be.revertedWithCustomError(escrow, "EscrowInsufficientBalance")
      .withArgs(stranger, FUNDS, most);
  });

  describe("given an allowance", function () {
    it("takes nothing of it for whoever is not its owner", async function () {
      const { escrow, token, operator, stranger } = await loadFixture(allowanceFixture);
      const attacker = escrow.connect(operator);
      const { v, r, s } = await permitOf(token, stranger, await escrow.getAddress(), MILL);

      for (const attempt of [
        () => attacker.deposit(MILL),
        () => attacker.depositFor(operator, MILL),
        () => attacker.depositFor(stranger, MILL),
        () => attacker.depositWithPermit(MILL, ethers.MaxUint256, v, r, s),
      ]) {
        await expect(attempt()).to.be.revertedWithCustomError(token, "ERC20InsufficientAllowance");
      }
      expect(await token.balanceOf(stranger)).to.equal(100n * MILL);
      expect(await escrow.balanceOf(stranger)).to.deep.equal([FUNDS, 0n]);
    });

    it("takes no more than its owner says at the deposit, whatever it allowed", async function () {
      const { escrow, token, stranger } = await loadFixture(allowanceFixture);

      const tx = escrow.connect(stranger).deposit(MILL);

      await expect(tx).to.changeTokenBalances(ethers, token, [stranger, escrow], [-MILL, MILL]);
    });
  });
});
