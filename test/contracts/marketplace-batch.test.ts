import { expect } from "chai";

import { dealIdOf } from "../../protocol/deal.ts";
import type { Deal } from "../../protocol/deal.ts";
import { orderHash } from "../../protocol/orders.ts";
import type { RequestOrder, Signed } from "../../protocol/orders.ts";
import { ZERO_HASH } from "../../protocol/primitives.ts";
import type { Hash } from "../../protocol/primitives.ts";
import { matchBatch, outcomeOf, requests } from "./support/batch.ts";
import { changesOf, expectBooksToBalance } from "./support/books.ts";
import { ethers, loadFixture, time } from "./support/chain.ts";
import { DATASET, FUNDS, openMarketFixture } from "./support/market.ts";
import type { Market } from "./support/market.ts";
import {
  APP_PRICE,
  DATASET_PRICE,
  POOL_PRICE,
  POOL_STAKE,
  addressOf,
  match,
  ordersOf,
  signedOrders,
} from "./support/orders.ts";
import type { Changes } from "./support/orders.ts";

const PRICE = APP_PRICE + POOL_PRICE;

const hashOf = ({ orderDomain }: Market, { order }: Signed<RequestOrder>): Hash =>
  orderHash("request", order, orderDomain);

describe("Marketplace: matchBatch", function () {
  describe("given requests that all agree with the asks", function () {
    it("opens for each the deal that a match of its own would open", async function () {
      const market = await loadFixture(openMarketFixture);
      const signed = await requests(market, [{ volume: 1 }, { volume: 3, trust: 5 }]);
      const snapshot: unknown = await ethers.provider.send("evm_snapshot", []);
      const at = (await time.latest()) + 100;
      const asks = await signedOrders(market, ordersOf(market));
      const alone: Deal[] = [];
      for (const request of signed) {
        await time.setNextBlockTimestamp(at + alone.length);
        const { deals } = await outcomeOf(market, await match(market, { ...asks, request }));
        alone.push({ ...deals[0]!, openedAt: at });
      }
      await ethers.provider.send("evm_revert", [snapshot]);
      await time.setNextBlockTimestamp(at);

      const { deals, skipped } = await outcomeOf(market, await matchBatch(market, signed));

      expect(deals).to.deep.equal(alone);
      expect(skipped).to.deep.equal([]);
    });

    it("opens them in the hub, and announces how much they took of the asks", async function () {
      const market = await loadFixture(openMarketFixture);
      const signed = await requests(market, [{}, { volume: 2 }]);
      const asks = await signedOrders(market, ordersOf(market, { dataset: { dataset: 0n } }));

      const tx = await market.marketplace.matchBatch(asks.app, asks.dataset, asks.pool, [...signed]);

      const app = orderHash("app", asks.app.order, market.orderDomain);
      const pool = orderHash("pool", asks.pool.order, market.orderDomain);
      await expect(tx).to.emit(market.marketplace, "OrdersMatched").withArgs(app, ZERO_HASH, pool, 3n);
      const { deals } = await outcomeOf(market, tx);
      for (const deal of deals) expect(await market.hub.dealState(dealIdOf(deal))).to.deep.equal([true, 0n]);
    });

    it("locks the price and stake of every task of every deal", async function () {
      const market = await loadFixture(openMarketFixture);
      const signed = await requests(market, [{ dataset: DATASET }, { dataset: DATASET, volume: 2 }]);

      const [payer, pool] = await changesOf(market, [market.requester, market.poolOwner], () =>
        matchBatch(market, signed, { dataset: { dataset: DATASET } }),
      );

      const price = 3n * (PRICE + DATASET_PRICE);
      expect(payer).to.deep.equal({ available: -price, locked: price });
      expect(pool).to.deep.equal({ available: -3n * POOL_STAKE, locked: 3n * POOL_STAKE });
      await expectBooksToBalance(market);
    });
  });

  describe("given a request that cannot be served", function () {
    type Bad = {
      readonly what: string;
      readonly bad: Partial<RequestOrder>;
      readonly asks?: Changes;
      readonly error: string;
      /** Without the hash of the request, where the error carries it. */
      readonly args: (market: Market, hash: Hash) => readonly unknown[];
    };
    const BAD: readonly Bad[] = [
      { what: "for no task", bad: { volume: 0 }, error: "MarketplaceZeroVolume", args: () => [] },
      {
        what: "of a category that there is not",
        bad: { category: 5 },
        error: "MarketplaceCategoryUnknown",
        args: () => [5n],
      },
      {
        what: "for another app",
        bad: { app: 2n },
        error: "MarketplaceAppMismatch",
        args: () => [2n, 1n],
      },
      {
        what: "for another pool",
        bad: { pool: 7n },
        error: "MarketplacePoolMismatch",
        args: () => [7n, 1n],
      },
      {
        what: "with a dataset where the batch has none",
        bad: { dataset: DATASET },
        error: "MarketplaceDatasetMismatch",
        args: () => [DATASET, 0n],
      },
      {
        what: "without the dataset of the batch",
        bad: { dataset: 0n },
        asks: { dataset: { dataset: DATASET } },
        error: "MarketplaceDatasetMismatch",
        args: () => [0n, DATASET],
      },
      {
        what: "at too low a price",
        bad: { maxPoolPrice: POOL_PRICE - 1n },
        error: "MarketplacePriceTooHigh",
        args: () => [POOL_PRICE, POOL_PRICE - 1n],
      },
      {
        what: "that has expired",
        bad: { expiry: 1 },
        error: "MarketplaceOrderExpired",
        args: (_market, hash) => [hash, 1n],
      },
      {
        what: "for more tasks than an ask has left",
        bad: { volume: 4 },
        asks: { pool: { volume: 4n } },
        error: "MarketplaceOrderExhausted",
        args: (market) => [
          orderHash("pool", ordersOf(market, { pool: { volume: 4n } }).pool, market.orderDomain),
          3n,
          4n,
        ],
      },
      {
        what: "that its payer has no money for",
        bad: { volume: Number(FUNDS / PRICE) },
        error: "EscrowInsufficientBalance",
        args: (market) => [ethers.getAddress(addressOf(market.requester)), FUNDS - PRICE, -PRICE * (FUNDS / PRICE)],
      },
    ];
    for (const { what, bad, asks, error, args } of BAD) {
      it(`leaves one out ${what}, and opens those before and after it`, async function () {
        const market = await loadFixture(openMarketFixture);
        const dataset = asks?.dataset?.dataset ?? 0n;
        const signed = await requests(market, [{ dataset }, { dataset, ...bad }, { dataset }]);

        const { deals, skipped } = await outcomeOf(market, await matchBatch(market, signed, asks));

        const hash = hashOf(market, signed[1]!);
        expect(skipped.map((one) => one.error)).to.deep.equal([error]);
        expect(skipped).to.deep.equal([{ requestHash: hash, error, args: args(market, hash) }]);
        expect(deals.map(({ requestHash }) => requestHash)).to.deep.equal([
          hashOf(market, signed[0]!),
          hashOf(market, signed[2]!),
        ]);
        await expectBooksToBalance(market);
      });
    }

    it("leaves one out that somebody else signed", async function () {
      const market = await loadFixture(openMarketFixture);
      const signed = [...(await requests(market, [{}], market.stranger)), ...(await requests(market, [{}]))];

      const { deals, skipped } = await outcomeOf(market, await matchBatch(market, signed));

      expect(skipped[0]).to.deep.include({ error: "MarketplaceBadSignature" });
      expect(deals).to.have.lengthOf(1);
    });

    it("opens one that comes twice once", async function () {
      const market = await loadFixture(openMarketFixture);
      const [one] = await requests(market, [{}]);

      const { deals, skipped } = await outcomeOf(market, await matchBatch(market, [one!, one!]));

      expect(deals).to.have.lengthOf(1);
      expect(skipped.map(({ error }) => error)).to.deep.equal(["MarketplaceNonceUsed"]);
    });

    it("leaves those out that the pool owner has no stake for", async function () {
      const market = await loadFixture(openMarketFixture);
      const { available } = await market.escrow.balanceOf(market.poolOwner);
      await market.escrow.connect(market.poolOwner).withdraw(available - 2n * POOL_STAKE + 1n);
      const signed = await requests(market, [{}, {}, {}]);

      const { deals, skipped } = await outcomeOf(market, await matchBatch(market, signed));

      expect(deals).to.have.lengthOf(1);
      expect(skipped.map(({ error }) => error)).to.deep.equal(Array(2).fill("EscrowInsufficientBalance"));
      await expectBooksToBalance(market);
    });

    it("returns zero in its place", async function () {
      const market = await loadFixture(openMarketFixture);
      const signed = await requests(market, [{}, { expiry: 1 }]);
      const { app, dataset, pool } = await signedOrders(market, ordersOf(market, { dataset: { dataset: 0n } }));

      const ids = await market.marketplace.matchBatch.staticCall(app, dataset, pool, [...signed]);

      expect(ids.map((id) => id === ZERO_HASH)).to.deep.equal([false, true]);
    });

    it("keeps its nonce and its ask's volume as they were", async function () {
      const market = await loadFixture(openMarketFixture);
      const signed = await requests(market, [{ expiry: 1 }]);
      const asks = { pool: { volume: 10n } };

      await matchBatch(market, signed, asks);

      const { order } = signed[0]!;
      expect(await market.marketplace.isNonceUsed(order.requester, order.nonce)).to.equal(false);
      const pool = orderHash("pool", ordersOf(market, asks).pool, market.orderDomain);
      expect(await market.marketplace.consumedOf(market.poolOwner, pool)).to.equal(0n);
    });
  });

  describe("given asks that are not valid", function () {
    const ASKS: readonly { readonly what: string; readonly asks: Changes; readonly error: string }[] = [
      { what: "an app's ask has expired", asks: { app: { expiry: 1 } }, error: "MarketplaceOrderExpired" },
      { what: "a pool's ask was taken back", asks: { pool: { counter: 1n } }, error: "MarketplaceOrderRevoked" },
      {
        what: "a pool's share is too high",
        asks: { pool: { schedulerShare: 10_001 } },
        error: "MarketplaceShareTooHigh",
      },
    ];
    for (const { what, asks, error } of ASKS) {
      it(`opens nothing where ${what}, and says so`, async function () {
        const market = await loadFixture(openMarketFixture);
        const signed = await requests(market, [{}]);

        await expect(matchBatch(market, signed, asks)).to.be.revertedWithCustomError(market.marketplace, error);
      });
    }
  });

  it("opens nothing of an empty batch", async function () {
    const market = await loadFixture(openMarketFixture);

    const { deals, skipped } = await outcomeOf(market, await matchBatch(market, []));

    expect([deals, skipped]).to.deep.equal([[], []]);
  });
});
