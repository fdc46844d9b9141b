import { expect } from "chai";
import type { ContractTransactionResponse } from "ethers";

import type { RequestOrder, Signed } from "../../protocol/orders.ts";
import { matchBatch, outcomeOf, requests } from "./support/batch.ts";
import { changesOf } from "./support/books.ts";
import { ethers, loadFixture } from "./support/chain.ts";
import { MILL, openMarketFixture } from "./support/market.ts";
import type { Market } from "./support/market.ts";
import { APP_PRICE, POOL_PRICE, addressOf, match, ordersOf, signedOrders } from "./support/orders.ts";

const PRICE = APP_PRICE + POOL_PRICE;

describe("Marketplace: a payer that is not the requester", function () {
  const paidBy = async (market: Market, volume = 1): Promise<Signed<RequestOrder>> =>
    (await requests(market, [{ payer: addressOf(market.stranger), volume }]))[0]!;
  const matchOne = async (market: Market, request: Signed<RequestOrder>): Promise<ContractTransactionResponse> =>
    match(market, { ...(await signedOrders(market, ordersOf(market))), request });

  it("pays up to what it allowed, and what it allowed goes down", async function () {
    const market = await loadFixture(openMarketFixture);
    await market.marketplace.connect(market.stranger).allow(market.requester, 3n * PRICE);

    const [payer, requester] = await changesOf(market, [market.stranger, market.requester], async () =>
      matchOne(market, await paidBy(market, 2)),
    );

    expect(payer).to.deep.equal({ available: -2n * PRICE, locked: 2n * PRICE });
    expect(requester).to.deep.equal({ available: 0n, locked: 0n });
    expect(await market.marketplace.allowanceOf(market.stranger, market.requester)).to.equal(PRICE);
  });

  it("pays exactly what it allowed, and not a wei more", async function () {
    const market = await loadFixture(openMarketFixture);
    await market.marketplace.connect(market.stranger).allow(market.requester, PRICE - 1n);
    await expect(matchOne(market, await paidBy(market)))
      .to.be.revertedWithCustomError(market.marketplace, "MarketplaceAllowanceTooLow")
      .withArgs(market.stranger, market.requester, PRICE - 1n, PRICE);
    await market.marketplace.connect(market.stranger).allow(market.requester, PRICE);

    await matchOne(market, await paidBy(market));

    expect(await market.marketplace.allowanceOf(market.stranger, market.requester)).to.equal(0n);
  });

  it("pays for nobody whom it did not allow", async function () {
    const market = await loadFixture(openMarketFixture);
    await market.marketplace.connect(market.stranger).allow(market.appOwner, ethers.MaxUint256);
    await market.marketplace.connect(market.requester).allow(market.stranger, ethers.MaxUint256);

    await expect(matchOne(market, await paidBy(market)))
      .to.be.revertedWithCustomError(market.marketplace, "MarketplaceAllowanceTooLow")
      .withArgs(market.stranger, market.requester, 0n, PRICE);
  });

  it("is not named by whom it did not allow, even where nothing costs anything", async function () {
    const market = await loadFixture(openMarketFixture);
    const free = { app: { price: 0n }, pool: { price: 0n } };
    const { app, dataset, pool } = await signedOrders(market, ordersOf(market, free));

    await expect(match(market, { app, dataset, pool, request: await paidBy(market) }))
      .to.be.revertedWithCustomError(market.marketplace, "MarketplaceAllowanceTooLow")
      .withArgs(market.stranger, market.requester, 0n, 0n);
  });

  it("is not charged beyond what it has, whatever it allowed", async function () {
    const market = await loadFixture(openMarketFixture);
    await market.marketplace.connect(market.stranger).allow(market.requester, ethers.MaxUint256);
    const { available } = await market.escrow.balanceOf(market.stranger);
    await market.escrow.connect(market.stranger).withdraw(available - PRICE + 1n);

    const { skipped } = await outcomeOf(market, await matchBatch(market, [await paidBy(market)]));

    expect(skipped.map(({ error }) => error)).to.deep.equal(["EscrowInsufficientBalance"]);
  });

  it("is not counted where it allowed the greatest value", async function () {
    const market = await loadFixture(openMarketFixture);
    await market.marketplace.connect(market.stranger).allow(market.requester, ethers.MaxUint256);

    await matchOne(market, await paidBy(market));

    expect(await market.marketplace.allowanceOf(market.stranger, market.requester)).to.equal(ethers.MaxUint256);
  });

  it("says so when it allows something", async function () {
    const market = await loadFixture(openMarketFixture);

    await expect(market.marketplace.connect(market.stranger).allow(market.requester, MILL))
      .to.emit(market.marketplace, "AllowanceSet")
      .withArgs(market.stranger, market.requester, MILL);
  });

  it("is left out of a batch beyond its allowance, with the rest served", async function () {
    const market = await loadFixture(openMarketFixture);
    await market.marketplace.connect(market.stranger).allow(market.requester, 2n * PRICE);
    const signed = await Promise.all([paidBy(market), paidBy(market, 2), paidBy(market)]);

    const [payer, requester] = await changesOf(market, [market.stranger, market.requester], async () => {
      const { deals, skipped } = await outcomeOf(market, await matchBatch(market, signed));
      expect(deals).to.have.lengthOf(2);
      expect(skipped.map(({ error }) => error)).to.deep.equal(["MarketplaceAllowanceTooLow"]);
    });

    expect(payer).to.deep.equal({ available: -2n * PRICE, locked: 2n * PRICE });
    expect(requester).to.deep.equal({ available: 0n, locked: 0n });
  });
});
