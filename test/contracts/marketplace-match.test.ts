import { expect } from "chai";

import { ZERO_ADDRESS, ZERO_HASH } from "../../protocol/primitives.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import { orderHash } from "../../protocol/orders.ts";
import { changesOf, expectBooksToBalance } from "./support/books.ts";
import { ethers, loadFixture, time } from "./support/chain.ts";
import { APP, DATASET, FUNDS, LANE, POOL, openMarketFixture } from "./support/market.ts";
import {
  APP_PRICE,
  CALLBACK_CAPABILITY,
  DATASET_PRICE,
  POOL_PRICE,
  POOL_STAKE,
  WORKER_STAKE,
  addressOf,
  match,
  matchWith,
  openDeal,
  openedBy,
  ordersOf,
  signedOrders,
} from "./support/orders.ts";

describe("Marketplace: matchOrders", function () {
  describe("given four orders that agree", function () {
    it("opens the deal that they describe", async function () {
      const market = await loadFixture(openMarketFixture);
      const orders = ordersOf(market, {
        pool: { grace: 60 },
        request: { dataset: DATASET, volume: 3, paramsHash: ethers.id("params") as Hash },
      });
      const at = (await time.latest()) + 10;
      await time.setNextBlockTimestamp(at);

      const { deal } = await openedBy(market, await match(market, await signedOrders(market, orders)));

      expect(deal).to.deep.equal({
        app: APP,
        dataset: DATASET,
        pool: POOL,
        appOwner: addressOf(market.appOwner),
        datasetOwner: addressOf(market.datasetOwner),
        poolOwner: addressOf(market.poolOwner),
        requester: addressOf(market.requester),
        payer: addressOf(market.requester),
        beneficiary: addressOf(market.requester),
        callback: ZERO_ADDRESS,
        appPrice: APP_PRICE,
        datasetPrice: DATASET_PRICE,
        poolPrice: POOL_PRICE,
        poolStake: POOL_STAKE,
        workerStake: WORKER_STAKE,
        schedulerShare: 1_000,
        grace: 60,
        lane: LANE,
        category: 0,
        maxWeight: 16,
        trust: 3,
        volume: 3,
        openedAt: at,
        requirements: ZERO_HASH,
        paramsHash: ethers.id("params"),
        requestHash: orderHash("request", orders.request, market.orderDomain),
      });
    });

    it("announces the deal and the asks that it took from", async function () {
      const market = await loadFixture(openMarketFixture);
      const orders = ordersOf(market, { request: { volume: 2 } });

      const tx = await match(market, await signedOrders(market, orders));

      const { dealId } = await openedBy(market, tx);
      const hash = <K extends "app" | "pool">(kind: K) => orderHash(kind, orders[kind], market.orderDomain);
      await expect(tx).to.emit(market.marketplace, "DealOpened");
      await expect(tx).to.emit(market.marketplace, "OrdersMatched").withArgs(hash("app"), ZERO_HASH, hash("pool"), 2n);
      expect(await market.hub.dealState(dealId)).to.deep.equal([true, 0n]);
    });

    it("locks price and stake of every task", async function () {
      const market = await loadFixture(openMarketFixture);
      const { requester, poolOwner } = market;

      const [payer, pool] = await changesOf(market, [requester, poolOwner], () =>
        openDeal(market, { request: { dataset: DATASET, volume: 3 } }),
      );

      const price = 3n * (APP_PRICE + DATASET_PRICE + POOL_PRICE);
      expect(payer).to.deep.equal({ available: -price, locked: price });
      expect(pool).to.deep.equal({ available: -3n * POOL_STAKE, locked: 3n * POOL_STAKE });
      await expectBooksToBalance(market);
    });

    it("floors the stake of each task, not of the deal", async function () {
      const market = await loadFixture(openMarketFixture);

      const [pool] = await changesOf(market, [market.poolOwner], () =>
        openDeal(market, { pool: { price: 9n, workerStake: 9_999 }, request: { volume: 10 } }),
      );

      expect(pool).to.deep.equal({ available: -20n, locked: 20n });
    });

    it("locks nothing where everything is free", async function () {
      const market = await loadFixture(openMarketFixture);

      const [payer, pool] = await changesOf(market, [market.requester, market.poolOwner], () =>
        openDeal(market, { app: { price: 0n }, pool: { price: 0n } }),
      );

      expect([payer, pool]).to.deep.equal([
        { available: 0n, locked: 0n },
        { available: 0n, locked: 0n },
      ]);
    });

    it("takes the pool owner's stake even where it pays for its own task", async function () {
      const market = await loadFixture(openMarketFixture);
      await market.poolRegistry.connect(market.poolOwner).transferFrom(market.poolOwner, market.requester, POOL);
      const orders = ordersOf(market);
      const signed = await signedOrders({ ...market, poolOwner: market.requester }, orders);

      const [change] = await changesOf(market, [market.requester], () => match(market, signed));

      const locked = APP_PRICE + POOL_PRICE + POOL_STAKE;
      expect(change).to.deep.equal({ available: -locked, locked });
    });
  });

  describe("given a request without dataset", function () {
    it("ignores the dataset order, its price and its signature", async function () {
      const market = await loadFixture(openMarketFixture);
      const signed = await signedOrders(market, ordersOf(market, { dataset: { price: 2n ** 100n, expiry: 0 } }));
      const dataset = { ...signed.dataset, signature: "0x1234" as const };

      const { deal } = await openedBy(market, await match(market, { ...signed, dataset }));

      expect(deal.datasetPrice).to.equal(0n);
      expect(deal.datasetOwner).to.equal(ZERO_ADDRESS);
      expect((await market.escrow.balanceOf(market.requester)).locked).to.equal(APP_PRICE + POOL_PRICE);
    });
  });

  describe("given a callback", function () {
    const callback: Address = `0x${"c".repeat(40)}`;

    it("allows the pool no grace", async function () {
      const market = await loadFixture(openMarketFixture);

      const { deal } = await openDeal(market, {
        pool: { grace: 7_200, capabilities: CALLBACK_CAPABILITY },
        request: { callback },
      });

      expect(deal.callback).to.equal(callback);
      expect(deal.grace).to.equal(0);
    });

    it("rejects a pool that does not take them", async function () {
      const market = await loadFixture(openMarketFixture);

      await expect(matchWith(market, { request: { callback } }))
        .to.be.revertedWithCustomError(market.marketplace, "MarketplaceCallbackUnsupported")
        .withArgs(POOL);
    });
  });

  describe("given too little money", function () {
    it("accepts a payer with exactly the price", async function () {
      const market = await loadFixture(openMarketFixture);
      await market.escrow.connect(market.requester).withdraw(FUNDS - APP_PRICE - POOL_PRICE);

      await openDeal(market);

      expect(await market.escrow.balanceOf(market.requester)).to.deep.equal([0n, APP_PRICE + POOL_PRICE]);
    });

    it("rejects a payer with one wei less", async function () {
      const market = await loadFixture(openMarketFixture);
      const price = APP_PRICE + POOL_PRICE;
      await market.escrow.connect(market.requester).withdraw(FUNDS - price + 1n);

      await expect(matchWith(market))
        .to.be.revertedWithCustomError(market.escrow, "EscrowInsufficientBalance")
        .withArgs(market.requester, price - 1n, -price);
    });

    it("rejects a pool owner who cannot stake", async function () {
      const market = await loadFixture(openMarketFixture);
      await market.escrow.connect(market.poolOwner).withdraw(FUNDS - POOL_STAKE + 1n);

      await expect(matchWith(market))
        .to.be.revertedWithCustomError(market.escrow, "EscrowInsufficientBalance")
        .withArgs(market.poolOwner, POOL_STAKE - 1n, -POOL_STAKE);
    });

    it("rejects a deal about more than a balance can hold", async function () {
      const market = await loadFixture(openMarketFixture);
      const huge = 2n ** 127n;

      await expect(matchWith(market, { app: { price: huge }, pool: { price: 0n }, request: { maxAppPrice: huge } }))
        .to.be.revertedWithCustomError(market.marketplace, "MarketplaceAmountTooLarge")
        .withArgs(huge);
    });
  });

  it("lets nobody but the marketplace open a deal in the hub", async function () {
    const market = await loadFixture(openMarketFixture);

    await expect(market.hub.connect(market.poolOwner).openDeals([ethers.id("deal")]))
      .to.be.revertedWithCustomError(market.hub, "HubNotMarketplace")
      .withArgs(market.poolOwner);
  });
});
