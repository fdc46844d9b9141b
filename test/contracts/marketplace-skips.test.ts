import { expect } from "chai";

import { orderHash } from "../../protocol/orders.ts";
import type { RequestOrder, Signed } from "../../protocol/orders.ts";
import { ZERO_HASH } from "../../protocol/primitives.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import { matchBatch, outcomeOf, requests } from "./support/batch.ts";
import { changesOf, expectBooksToBalance } from "./support/books.ts";
import { ethers, loadFixture } from "./support/chain.ts";
import { DATASET, FUNDS, openMarketFixture } from "./support/market.ts";
import type { Market } from "./support/market.ts";
import { APP_PRICE, POOL_PRICE, POOL_STAKE, addressOf, ordersOf, signedOrders } from "./support/orders.ts";
import type { Changes } from "./support/orders.ts";
import { WALLET } from "./support/wallet.ts";

const PRICE = APP_PRICE + POOL_PRICE;

const hashOf = ({ orderDomain }: Market, { order }: Signed<RequestOrder>): Hash =>
  orderHash("request", order, orderDomain);

describe("Marketplace: what a batch leaves out", function () {
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
      what: "with a callback, which the pool does not make",
      bad: { callback: `0x${"ca".repeat(20)}` },
      error: "MarketplaceCallbackUnsupported",
      args: () => [1n],
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

  it("leaves those out that the pool owner has no stake for, and locks nothing of theirs", async function () {
    const market = await loadFixture(openMarketFixture);
    const { available } = await market.escrow.balanceOf(market.poolOwner);
    await market.escrow.connect(market.poolOwner).withdraw(available - 2n * POOL_STAKE + 1n);
    const signed = await requests(market, [{}, {}, {}]);

    const [payer, pool] = await changesOf(market, [market.requester, market.poolOwner], async () => {
      const { deals, skipped } = await outcomeOf(market, await matchBatch(market, signed));
      expect(deals).to.have.lengthOf(1);
      expect(skipped.map(({ error }) => error)).to.deep.equal(Array(2).fill("EscrowInsufficientBalance"));
    });

    expect(payer).to.deep.equal({ available: -PRICE, locked: PRICE });
    expect(pool).to.deep.equal({ available: -POOL_STAKE, locked: POOL_STAKE });
  });

  it("counts price and stake together where the pool owner pays for its own task", async function () {
    const market = await loadFixture(openMarketFixture);
    const self = addressOf(market.poolOwner);
    const both = PRICE + POOL_STAKE;
    const { available } = await market.escrow.balanceOf(self);
    await market.escrow.connect(market.poolOwner).withdraw(available - 2n * both + 1n);
    const own = { requester: self, payer: self };

    const [pool] = await changesOf(market, [market.poolOwner], async () => {
      const signed = await requests(market, [own, own], market.poolOwner);
      const { deals, skipped } = await outcomeOf(market, await matchBatch(market, signed));
      expect([deals.length, skipped.map(({ error }) => error)]).to.deep.equal([1, ["EscrowInsufficientBalance"]]);
    });

    expect(pool).to.deep.equal({ available: -both, locked: both });
  });

  it("leaves one out whose wallet burns all the gas that it is given, at its price", async function () {
    const market = await loadFixture(openMarketFixture);
    const wallet = await ethers.deployContract("WalletMock");
    const self = (await wallet.getAddress()).toLowerCase() as Address;
    await wallet.setMode(WALLET.BURN_GAS);
    const [bad] = await requests(market, [{ requester: self, payer: self }]);
    const good = await requests(market, [{}, {}]);
    const alone = (await (await matchBatch(market, good)).wait())!.gasUsed;
    const again = await requests(market, [{}, {}]);

    const tx = await matchBatch(market, [again[0]!, bad!, again[1]!]);

    const { deals, skipped } = await outcomeOf(market, tx);
    expect([deals.length, skipped.map(({ error }) => error)]).to.deep.equal([2, ["MarketplaceBadSignature"]]);
    expect((await tx.wait())!.gasUsed - alone).to.be.lessThan(130_000n);
  });

  it("leaves one out that is about more money than a balance can hold", async function () {
    const market = await loadFixture(openMarketFixture);
    const price = 2n ** 126n;
    const signed = await requests(market, [{ volume: 2, maxAppPrice: price }]);

    const { skipped } = await outcomeOf(market, await matchBatch(market, signed, { app: { price } }));

    const [one] = skipped;
    expect([one?.error, one?.args]).to.deep.equal(["MarketplaceAmountTooLarge", [2n * (price + POOL_PRICE)]]);
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
