import { expect } from "chai";

import { ethers, loadFixture } from "./support/chain.ts";
import { MILL } from "./support/market.ts";
import { permitOf } from "./support/permit.ts";

const SUPPLY = 10_000_000_000n * MILL;

async function deployTokenFixture() {
  const [holder, other] = await ethers.getSigners();
  const token = await ethers.deployContract("MillToken", [holder!.address]);
  return { token, holder: holder!, other: other! };
}

describe("MillToken", function () {
  it("mints the whole supply to the holder", async function () {
    const { token, holder } = await loadFixture(deployTokenFixture);

    expect(await token.totalSupply()).to.equal(SUPPLY);
    expect(await token.balanceOf(holder)).to.equal(SUPPLY);
    expect(await token.decimals()).to.equal(18n);
    expect(await token.symbol()).to.equal("MILL");
  });

  it("can be burned by whoever has it", async function () {
    const { token, holder } = await loadFixture(deployTokenFixture);

    await token.connect(holder).burn(MILL);

    expect(await token.totalSupply()).to.equal(SUPPLY - MILL);
  });

  it("lets an allowance be given by signature", async function () {
    const { token, holder, other } = await loadFixture(deployTokenFixture);
    const { v, r, s } = await permitOf(token, holder, other.address, MILL);

    await token.permit(holder, other, MILL, ethers.MaxUint256, v, r, s);

    expect(await token.allowance(holder, other)).to.equal(MILL);
  });

  it("counts votes by time, not by block", async function () {
    const { token, holder } = await loadFixture(deployTokenFixture);

    await token.connect(holder).delegate(holder);

    expect(await token.getVotes(holder)).to.equal(SUPPLY);
    expect(await token.CLOCK_MODE()).to.equal("mode=timestamp");
    const block = await ethers.provider.getBlock("latest");
    expect(await token.clock()).to.equal(BigInt(block!.timestamp));
  });
});
