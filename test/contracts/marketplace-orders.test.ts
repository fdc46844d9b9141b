import { expect } from "chai";

import { orderHash } from "../../protocol/orders.ts";
import { UNLIMITED } from "../../protocol/primitives.ts";
import { loadFixture, time } from "./support/chain.ts";
import { DATASET, POOL, openMarketFixture } from "./support/market.ts";
import type { Market } from "./support/market.ts";
import { addressOf, match, matchWith, openDeal, ordersOf, signedOrders, signerOf } from "./support/orders.ts";
import type { Orders } from "./support/orders.ts";

const KINDS = ["app", "dataset", "pool", "request"] as const;
const ASKS = ["app", "dataset", "pool"] as const;
type Ask = (typeof ASKS)[number];

const WITH_DATASET = { request: { dataset: DATASET } };

function cancel(market: Market, kind: (typeof KINDS)[number], orders: Orders) {
  const asSigner = market.marketplace.connect(signerOf(market, kind));
  if (kind === "app") return asSigner.cancelAppOrder(orders.app);
  if (kind === "dataset") return asSigner.cancelDatasetOrder(orders.dataset);
  if (kind === "pool") return asSigner.cancelPoolOrder(orders.pool);
  return asSigner.cancelRequestOrder(orders.request);
}

describe("Marketplace: what an order is good for", function () {
  describe("expiry", function () {
    for (const kind of KINDS) {
      it(`accepts the ${kind} order in its last second`, async function () {
        const market = await loadFixture(openMarketFixture);
        const expiry = (await time.latest()) + 100;
        const signed = await signedOrders(market, ordersOf(market, { ...WITH_DATASET, ...expiring(kind, expiry) }));
        await time.setNextBlockTimestamp(expiry);

        await match(market, signed);
      });

      it(`rejects the ${kind} order one second later`, async function () {
        const market = await loadFixture(openMarketFixture);
        const expiry = (await time.latest()) + 100;
        const orders = ordersOf(market, { ...WITH_DATASET, ...expiring(kind, expiry) });
        const signed = await signedOrders(market, orders);
        await time.setNextBlockTimestamp(expiry + 1);

        await expect(match(market, signed))
          .to.be.revertedWithCustomError(market.marketplace, "MarketplaceOrderExpired")
          .withArgs(orderHash(kind, orders[kind], market.orderDomain), expiry);
      });
    }

    const expiring = (kind: (typeof KINDS)[number], expiry: number) =>
      kind === "request" ? { request: { ...WITH_DATASET.request, expiry } } : { [kind]: { expiry } };
  });

  describe("volume", function () {
    for (const kind of ASKS) {
      it(`fills the ${kind} order to its last task, and not one more`, async function () {
        const market = await loadFixture(openMarketFixture);
        const changes = { [kind]: { volume: 5n } };
        const orders = ordersOf(market, changes);
        const hash = orderHash(kind, orders[kind], market.orderDomain);

        await openDeal(market, { ...changes, request: { dataset: DATASET, volume: 2 } });
        await openDeal(market, { ...changes, request: { dataset: DATASET, volume: 3 } });

        expect(await market.marketplace.consumedOf(signerOf(market, kind), hash)).to.equal(5n);
        await expect(matchWith(market, { ...changes, request: { dataset: DATASET, volume: 1 } }))
          .to.be.revertedWithCustomError(market.marketplace, "MarketplaceOrderExhausted")
          .withArgs(hash, 0n, 1n);
      });
    }

    it("does not fill a request in part", async function () {
      const market = await loadFixture(openMarketFixture);
      const orders = ordersOf(market, { pool: { volume: 2n }, request: { volume: 3 } });

      await expect(match(market, await signedOrders(market, orders)))
        .to.be.revertedWithCustomError(market.marketplace, "MarketplaceOrderExhausted")
        .withArgs(orderHash("pool", orders.pool, market.orderDomain), 2n, 3n);
    });

    it("never counts an unlimited order", async function () {
      const market = await loadFixture(openMarketFixture);
      const hash = orderHash("app", ordersOf(market).app, market.orderDomain);

      await openDeal(market);
      await openDeal(market);

      expect(await market.marketplace.consumedOf(market.appOwner, hash)).to.equal(0n);
    });
  });

  describe("nonce", function () {
    it("fills a request once", async function () {
      const market = await loadFixture(openMarketFixture);
      const signed = await signedOrders(market, ordersOf(market));
      await match(market, signed);

      await expect(match(market, signed))
        .to.be.revertedWithCustomError(market.marketplace, "MarketplaceNonceUsed")
        .withArgs(market.requester, signed.request.order.nonce);
    });

    it("fills one of two requests that share a nonce", async function () {
      const market = await loadFixture(openMarketFixture);
      await openDeal(market, { request: { nonce: 77n, volume: 1 } });

      await expect(matchWith(market, { request: { nonce: 77n, volume: 2 } }))
        .to.be.revertedWithCustomError(market.marketplace, "MarketplaceNonceUsed")
        .withArgs(market.requester, 77n);
    });

    it("knows each nonce of a word, and the next word, apart", async function () {
      const market = await loadFixture(openMarketFixture);
      for (const nonce of [1_255n, 1_256n, 1_000n, UNLIMITED]) await openDeal(market, { request: { nonce } });

      const used = (nonce: bigint) => market.marketplace.isNonceUsed(market.requester, nonce);
      for (const nonce of [1_255n, 1_256n, 1_000n, UNLIMITED]) expect(await used(nonce)).to.equal(true);
      for (const nonce of [1_254n, 1_257n, 1_001n, UNLIMITED - 1n]) expect(await used(nonce)).to.equal(false);
      expect(await market.marketplace.isNonceUsed(market.stranger, 1_000n)).to.equal(false);
    });
  });

  describe("cancel", function () {
    for (const kind of ASKS) {
      it(`takes the ${kind} order back for good, even an unlimited one`, async function () {
        const market = await loadFixture(openMarketFixture);
        const orders = ordersOf(market, WITH_DATASET);
        const hash = orderHash(kind, orders[kind], market.orderDomain);

        await expect(cancel(market, kind, orders))
          .to.emit(market.marketplace, "OrderCancelled")
          .withArgs(signerOf(market, kind), hash);

        await expect(match(market, await signedOrders(market, orders)))
          .to.be.revertedWithCustomError(market.marketplace, "MarketplaceOrderExhausted")
          .withArgs(hash, 0n, 1n);
      });
    }

    it("uses up the nonce of a request", async function () {
      const market = await loadFixture(openMarketFixture);
      const orders = ordersOf(market);

      await expect(cancel(market, "request", orders))
        .to.emit(market.marketplace, "OrderCancelled")
        .withArgs(market.requester, orderHash("request", orders.request, market.orderDomain));

      await expect(match(market, await signedOrders(market, orders)))
        .to.be.revertedWithCustomError(market.marketplace, "MarketplaceNonceUsed")
        .withArgs(market.requester, orders.request.nonce);
    });

    it("is the requester's alone for a request", async function () {
      const market = await loadFixture(openMarketFixture);
      const { request } = ordersOf(market);

      await expect(market.marketplace.connect(market.stranger).cancelRequestOrder(request))
        .to.be.revertedWithCustomError(market.marketplace, "MarketplaceNotRequester")
        .withArgs(market.requester, market.stranger);
    });

    it("of somebody else's ask changes nothing", async function () {
      const market = await loadFixture(openMarketFixture);
      const orders = ordersOf(market);
      await market.marketplace.connect(market.stranger).cancelAppOrder(orders.app);

      await match(market, await signedOrders(market, orders));
    });
  });

  describe("cancelAll", function () {
    const owners: Readonly<Record<Ask, "appOwner" | "datasetOwner" | "poolOwner">> = {
      app: "appOwner",
      dataset: "datasetOwner",
      pool: "poolOwner",
    };

    for (const kind of ASKS) {
      it(`takes back every ${kind} order with the old counter`, async function () {
        const market = await loadFixture(openMarketFixture);
        const orders = ordersOf(market, WITH_DATASET);
        const owner = market[owners[kind]];

        await expect(market.marketplace.connect(owner).cancelAll())
          .to.emit(market.marketplace, "CounterRaised")
          .withArgs(owner, 1n);

        await expect(match(market, await signedOrders(market, orders)))
          .to.be.revertedWithCustomError(market.marketplace, "MarketplaceOrderRevoked")
          .withArgs(orderHash(kind, orders[kind], market.orderDomain), 0n, 1n);
        await openDeal(market, { ...WITH_DATASET, [kind]: { counter: 1n } });
      });
    }

    it("rejects an order signed for a counter to come", async function () {
      const market = await loadFixture(openMarketFixture);
      const orders = ordersOf(market, { pool: { counter: 1n } });

      await expect(match(market, await signedOrders(market, orders)))
        .to.be.revertedWithCustomError(market.marketplace, "MarketplaceOrderRevoked")
        .withArgs(orderHash("pool", orders.pool, market.orderDomain), 1n, 0n);
    });
  });

  describe("given an asset that was sold since its order was signed", function () {
    it("rejects the seller's order", async function () {
      const market = await loadFixture(openMarketFixture);
      const orders = ordersOf(market);
      await market.poolRegistry.connect(market.poolOwner).transferFrom(market.poolOwner, market.stranger, POOL);

      await expect(match(market, await signedOrders(market, orders)))
        .to.be.revertedWithCustomError(market.marketplace, "MarketplaceBadSignature")
        .withArgs(orderHash("pool", orders.pool, market.orderDomain), market.stranger);
    });

    it("accepts the buyer's order, with what is left of its own volume", async function () {
      const market = await loadFixture(openMarketFixture);
      await openDeal(market, { pool: { volume: 1n } });
      await market.poolRegistry.connect(market.poolOwner).transferFrom(market.poolOwner, market.stranger, POOL);

      const { deal } = await openDeal({ ...market, poolOwner: market.stranger }, { pool: { volume: 1n } });

      expect(deal.poolOwner).to.equal(addressOf(market.stranger));
    });
  });

  it("rejects an asset that does not exist", async function () {
    const market = await loadFixture(openMarketFixture);

    await expect(matchWith(market, { pool: { pool: 9n } }))
      .to.be.revertedWithCustomError(market.poolRegistry, "ERC721NonexistentToken")
      .withArgs(9n);
  });
});
