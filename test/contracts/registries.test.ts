import { expect } from "chai";

import { ethers, loadFixture } from "./support/chain.ts";
import { openMarketFixture } from "./support/market.ts";

const DIGEST = ethers.id("digest");

describe("AppRegistry", function () {
  describe("register", function () {
    it("gives the app to the caller, with ids from 1, and says so", async function () {
      const { appRegistry, stranger } = await loadFixture(openMarketFixture);

      const tx = appRegistry.connect(stranger).register("registry.example/app", DIGEST);

      await expect(tx).to.emit(appRegistry, "AppRegistered").withArgs(2n, stranger, "registry.example/app", DIGEST);
      expect(await appRegistry.ownerOf(2n)).to.equal(stranger.address);
      expect(await appRegistry.appOf(2n)).to.deep.equal([DIGEST, "registry.example/app"]);
    });

    for (const [what, image, digest] of [
      ["an empty image", "", DIGEST],
      ["a zero digest", "registry.example/app", ethers.ZeroHash],
    ] as const) {
      it(`rejects ${what}`, async function () {
        const { appRegistry } = await loadFixture(openMarketFixture);

        await expect(appRegistry.register(image, digest)).to.be.revertedWithCustomError(appRegistry, "AppIncomplete");
      });
    }
  });

  it("has transferable apps", async function () {
    const { appRegistry, appOwner, stranger } = await loadFixture(openMarketFixture);

    await appRegistry.connect(appOwner).transferFrom(appOwner, stranger, 1n);

    expect(await appRegistry.ownerOf(1n)).to.equal(stranger.address);
  });

  it("knows no app that was not registered", async function () {
    const { appRegistry } = await loadFixture(openMarketFixture);

    await expect(appRegistry.appOf(2n))
      .to.be.revertedWithCustomError(appRegistry, "ERC721NonexistentToken")
      .withArgs(2n);
  });
});

describe("DatasetRegistry", function () {
  it("gives the dataset to the caller and says so", async function () {
    const { datasetRegistry, stranger } = await loadFixture(openMarketFixture);

    const tx = datasetRegistry.connect(stranger).register("ipfs://set", DIGEST, true);

    await expect(tx).to.emit(datasetRegistry, "DatasetRegistered").withArgs(2n, stranger, "ipfs://set", DIGEST, true);
    expect(await datasetRegistry.ownerOf(2n)).to.equal(stranger.address);
    expect(await datasetRegistry.datasetOf(2n)).to.deep.equal([DIGEST, true, "ipfs://set"]);
  });

  for (const [what, location, digest] of [
    ["an empty location", "", DIGEST],
    ["a zero digest", "ipfs://set", ethers.ZeroHash],
  ] as const) {
    it(`rejects ${what}`, async function () {
      const { datasetRegistry } = await loadFixture(openMarketFixture);

      await expect(datasetRegistry.register(location, digest, false)).to.be.revertedWithCustomError(
        datasetRegistry,
        "DatasetIncomplete",
      );
    });
  }

  it("knows no dataset that was not registered", async function () {
    const { datasetRegistry } = await loadFixture(openMarketFixture);

    await expect(datasetRegistry.datasetOf(2n))
      .to.be.revertedWithCustomError(datasetRegistry, "ERC721NonexistentToken")
      .withArgs(2n);
  });
});

describe("PoolRegistry", function () {
  describe("register", function () {
    it("gives the pool to the caller and says so", async function () {
      const { poolRegistry, operator, stranger } = await loadFixture(openMarketFixture);

      const tx = poolRegistry.connect(stranger).register(operator, "https://other.example");

      await expect(tx)
        .to.emit(poolRegistry, "PoolRegistered")
        .withArgs(2n, stranger, operator, "https://other.example");
      expect(await poolRegistry.ownerOf(2n)).to.equal(stranger.address);
      expect(await poolRegistry.poolOf(2n)).to.deep.equal([operator.address, "https://other.example"]);
      expect(await poolRegistry.operatorOf(2n)).to.equal(operator.address);
    });

    it("rejects the zero address as operator", async function () {
      const { poolRegistry } = await loadFixture(openMarketFixture);

      await expect(poolRegistry.register(ethers.ZeroAddress, "")).to.be.revertedWithCustomError(
        poolRegistry,
        "PoolZeroOperator",
      );
    });
  });

  describe("setOperator and setEndpoint", function () {
    it("change them for the owner and say so", async function () {
      const { poolRegistry, poolOwner, stranger } = await loadFixture(openMarketFixture);
      const asOwner = poolRegistry.connect(poolOwner);

      await expect(asOwner.setOperator(1n, stranger))
        .to.emit(poolRegistry, "PoolOperatorChanged")
        .withArgs(1n, stranger);
      await expect(asOwner.setEndpoint(1n, "wss://new.example"))
        .to.emit(poolRegistry, "PoolEndpointChanged")
        .withArgs(1n, "wss://new.example");

      expect(await poolRegistry.poolOf(1n)).to.deep.equal([stranger.address, "wss://new.example"]);
    });

    it("are the owner's alone, not even the operator's", async function () {
      const { poolRegistry, operator } = await loadFixture(openMarketFixture);
      const asOperator = poolRegistry.connect(operator);

      await expect(asOperator.setOperator(1n, operator))
        .to.be.revertedWithCustomError(poolRegistry, "PoolNotOwner")
        .withArgs(1n, operator);
      await expect(asOperator.setEndpoint(1n, "x"))
        .to.be.revertedWithCustomError(poolRegistry, "PoolNotOwner")
        .withArgs(1n, operator);
    });

    it("keep the zero address out", async function () {
      const { poolRegistry, poolOwner } = await loadFixture(openMarketFixture);

      await expect(poolRegistry.connect(poolOwner).setOperator(1n, ethers.ZeroAddress)).to.be.revertedWithCustomError(
        poolRegistry,
        "PoolZeroOperator",
      );
    });
  });

  it("knows no pool that was not registered, and no operator of it", async function () {
    const { poolRegistry } = await loadFixture(openMarketFixture);

    await expect(poolRegistry.poolOf(2n))
      .to.be.revertedWithCustomError(poolRegistry, "ERC721NonexistentToken")
      .withArgs(2n);
    expect(await poolRegistry.operatorOf(2n)).to.equal(ethers.ZeroAddress);
  });
});
