import { expect } from "chai";

import { dealIdOf } from "../../protocol/deal.ts";
import type { Deal } from "../../protocol/deal.ts";
import { orderHash } from "../../protocol/orders.ts";
import type { RequestOrder } from "../../protocol/orders.ts";
import { ZERO_HASH } from "../../protocol/primitives.ts";
import type { Hash } from "../../protocol/primitives.ts";
import { matchBatch, outcomeOf, requests } from "./support/batch.ts";
import { changesOf, expectBooksToBalance } from "./support/books.ts";
import { ethers, loadFixture, time } from "./support/chain.ts";
import { DATASET, openMarketFixture } from "./support/market.ts";
import {
  APP_PRICE,
  CALLBACK_CAPABILITY,
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

  it("charges each payer for its own, and each deal says what its request said", async function () {
    const market = await loadFixture(openMarketFixture);
    const callback = addressOf(market.operator);
    const asks: Changes = { pool: { capabilities: CALLBACK_CAPABILITY, grace: 60 } };
    const mine = await requests(market, [{ callback, volume: 2, paramsHash: ethers.id("a") as Hash }, {}]);
    const other = addressOf(market.stranger);
    const theirs = await requests(market, [{ requester: other, payer: other, beneficiary: callback }], market.stranger);
    const signed = [mine[0]!, theirs[0]!, mine[1]!];
    let deals: readonly Deal[] = [];

    const [payer, stranger] = await changesOf(market, [market.requester, market.stranger], async () => {
      ({ deals } = await outcomeOf(market, await matchBatch(market, signed, asks)));
    });

    expect(payer).to.deep.equal({ available: -3n * PRICE, locked: 3n * PRICE });
    expect(stranger).to.deep.equal({ available: -PRICE, locked: PRICE });
    const said = ({ callback, beneficiary, paramsHash, requester, volume }: RequestOrder | Deal): object => ({
      ...{ callback, beneficiary, paramsHash, requester, volume },
    });
    expect(deals.map(said)).to.deep.equal(signed.map(({ order }) => said(order)));
    expect(deals.map(({ grace }) => grace)).to.deep.equal([0, 60, 60]);
  });

  it("counts what it took of an ask", async function () {
    const market = await loadFixture(openMarketFixture);
    const asks: Changes = { app: { volume: 9n }, pool: { volume: 5n } };
    const hash = orderHash("pool", ordersOf(market, asks).pool, market.orderDomain);

    await matchBatch(market, await requests(market, [{ volume: 2 }, { volume: 1 }]), asks);
    const { deals, skipped } = await outcomeOf(
      market,
      await matchBatch(market, await requests(market, [{ volume: 2 }, {}]), asks),
    );

    expect(await market.marketplace.consumedOf(market.poolOwner, hash)).to.equal(5n);
    expect([deals.length, skipped]).to.deep.equal([
      1,
      [{ requestHash: skipped[0]!.requestHash, error: "MarketplaceOrderExhausted", args: [hash, 0n, 1n] }],
    ]);
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

  it("opens nothing where an ask was cancelled, and says so", async function () {
    const market = await loadFixture(openMarketFixture);
    const { pool } = ordersOf(market);
    await market.marketplace.connect(market.poolOwner).cancelPoolOrder(pool);

    await expect(matchBatch(market, await requests(market, [{}])))
      .to.be.revertedWithCustomError(market.marketplace, "MarketplaceOrderExhausted")
      .withArgs(orderHash("pool", pool, market.orderDomain), 0n, 1n);
  });

  it("says nothing of an empty batch", async function () {
    const market = await loadFixture(openMarketFixture);

    const receipt = (await (await matchBatch(market, [])).wait())!;

    expect(receipt.logs).to.deep.equal([]);
  });
});
