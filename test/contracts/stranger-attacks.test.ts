import { expect } from "chai";

import { packDeal } from "../../protocol/deal-words.ts";
import { changesOf, expectBooksToBalance } from "./support/books.ts";
import type { Balances } from "./support/books.ts";
import { loadFixture } from "./support/chain.ts";
import { APP, BOND, DATASET, LANE, MILL, POOL, openMarketFixture } from "./support/market.ts";
import type { Market } from "./support/market.ts";
import { POOL_PRICE, match, openDeal, openedBy, ordersOf, signedOrders } from "./support/orders.ts";
import { RIGHT, WRONG, agreeing, roundOf, seal, settle, settleVotes } from "./support/round.ts";

/** Three votes for one task with a dataset, and one against, are sealed; what was signed for it is at hand. */
async function sealedFixture() {
  const market = await openMarketFixture();
  const orders = ordersOf(market, { request: { dataset: DATASET } });
  const signed = await signedOrders(market, orders);
  const opened = await openedBy(market, await match(market, signed));
  const [liar, ...honest] = market.workers.slice(0, 4);
  const round = await roundOf(market, [...agreeing(honest, opened), ...agreeing([liar!], opened, WRONG)]);
  await seal(market, round);
  return { market, orders, signed, opened, liar: liar!, honest, round };
}

type Stage = Awaited<ReturnType<typeof sealedFixture>>;

/** What the settle moves, of all whom it can concern. */
async function settlementOf({ market, round, opened }: Stage): Promise<readonly Balances[]> {
  const { requester, appOwner, datasetOwner, poolOwner, stranger, workers } = market;
  return changesOf(market, [requester, appOwner, datasetOwner, poolOwner, stranger, ...workers], async () => {
    await expect(settle(market, round)).to.emit(market.hub, "TaskSettled").withArgs(opened.dealId, 0n, RIGHT);
  });
}

async function withdrawAll({ escrow }: Market, account: Market["requester"]): Promise<void> {
  const { available } = await escrow.balanceOf(account);
  await escrow.connect(account).withdraw(available);
}

type Act = { readonly what: string; readonly act: (stage: Stage) => Promise<unknown> };

/** What anybody but the operator can do between a seal and its settle. */
const ACTS: readonly Act[] = [
  { what: "the payer withdraws all that it can", act: ({ market }) => withdrawAll(market, market.requester) },
  { what: "the pool's owner withdraws all that it can", act: ({ market }) => withdrawAll(market, market.poolOwner) },
  {
    what: "the app is sold",
    act: ({ market: { appRegistry, appOwner, stranger } }) =>
      appRegistry.connect(appOwner).transferFrom(appOwner, stranger, APP),
  },
  {
    what: "the dataset is sold",
    act: ({ market: { datasetRegistry, datasetOwner, stranger } }) =>
      datasetRegistry.connect(datasetOwner).transferFrom(datasetOwner, stranger, DATASET),
  },
  {
    what: "the pool is sold",
    act: ({ market: { poolRegistry, poolOwner, stranger } }) =>
      poolRegistry.connect(poolOwner).transferFrom(poolOwner, stranger, POOL),
  },
  {
    what: "all signers take all their orders back",
    act: async ({ market, orders }) => {
      const { marketplace, appOwner, datasetOwner, poolOwner, requester } = market;
      for (const signer of [appOwner, datasetOwner, poolOwner, requester]) {
        await marketplace.connect(signer).cancelAll();
      }
      await marketplace.connect(poolOwner).cancelPoolOrder(orders.pool);
      await expect(marketplace.connect(requester).cancelRequestOrder(orders.request))
        .to.be.revertedWithCustomError(marketplace, "MarketplaceNonceUsed")
        .withArgs(requester, orders.request.nonce);
    },
  },
  { what: "a worker takes out its bond", act: ({ market, honest }) => market.hub.connect(honest[0]).unbond(BOND) },
  { what: "the liar takes out its bond", act: ({ market, liar }) => market.hub.connect(liar).unbond(BOND) },
  {
    what: "the liar takes out its bond bit by bit",
    act: async ({ market, liar }) => {
      for (const part of [BOND - 2n, 1n, 1n]) await market.hub.connect(liar).unbond(part);
    },
  },
  { what: "the liar raises its bond", act: ({ market, liar }) => market.hub.connect(liar).bond(MILL) },
  {
    what: "a stranger claims the deal",
    act: ({ market, opened }) =>
      expect(market.hub.connect(market.stranger).claim(packDeal(opened.deal))).to.be.revertedWithCustomError(
        market.hub,
        "HubClaimTooEarly",
      ),
  },
  {
    what: "a stranger sends the operator's settle, or seals",
    act: async ({ market, round }) => {
      for (const send of [settle, seal]) {
        await expect(send(market, round, market.stranger))
          .to.be.revertedWithCustomError(market.hub, "HubNotOperator")
          .withArgs(POOL, market.stranger);
      }
    },
  },
  {
    what: "a stranger makes deposits for everybody, and sweeps",
    act: async ({ market: { escrow, holder, requester, poolOwner }, liar }) => {
      for (const account of [requester, poolOwner, liar]) await escrow.connect(holder).depositFor(account, 1n);
      await escrow.sweepBurned();
    },
  },
  { what: "a stranger opens another deal of the same asks", act: ({ market }) => openDeal(market) },
  {
    what: "a stranger sends the match again",
    act: ({ market, signed }) =>
      expect(match(market, signed)).to.be.revertedWithCustomError(market.marketplace, "MarketplaceNonceUsed"),
  },
  {
    what: "the pool's other lanes go on",
    act: async ({ market }) => {
      const elsewhere = await openDeal(market, { pool: { lane: LANE + 1 } });
      await settleVotes(market, agreeing(market.workers.slice(4, 6), elsewhere), { lane: LANE + 1 });
    },
  },
];

describe("Hub: whoever would like a settle to fail", function () {
  let expected: readonly Balances[];

  before(async function () {
    expected = await settlementOf(await loadFixture(sealedFixture));
  });

  for (const { what, act } of ACTS) {
    it(`changes nothing of what it pays and takes: ${what}`, async function () {
      const stage = await loadFixture(sealedFixture);
      await act(stage);

      expect(await settlementOf(stage)).to.deep.equal(expected);

      await expectBooksToBalance(stage.market);
    });
  }

  it("neither fails for a vote whose worker lost its whole bond elsewhere, nor counts it", async function () {
    const stage = await loadFixture(sealedFixture);
    const { market, liar, honest, opened, round } = stage;
    const dear = { lane: LANE + 1, workerStake: 10_000 };
    const lost = Number(BOND / POOL_PRICE);
    const elsewhere = await openDeal(market, { pool: dear, request: { volume: lost } });
    const casts = Array.from({ length: lost }, (_unused, index) => [
      ...agreeing(honest, elsewhere, RIGHT, index),
      ...agreeing([liar], elsewhere, WRONG, index),
    ]);
    await settleVotes(market, casts.flat(), { lane: dear.lane });
    expect((await market.hub.workerOf(liar)).bonded).to.equal(0n);

    const tx = settle(market, round);

    await expect(tx).to.emit(market.hub, "TaskSettled").withArgs(opened.dealId, 0n, RIGHT);
    await expect(tx).not.to.emit(market.hub, "Slashed");
    await expectBooksToBalance(market);
  });

  describe("given another operator since the seal", function () {
    it("is settled by the new one with the same openings, and by the old one no more", async function () {
      const { market, opened, round } = await loadFixture(sealedFixture);
      await market.poolRegistry.connect(market.poolOwner).setOperator(POOL, market.stranger);

      await expect(settle(market, round))
        .to.be.revertedWithCustomError(market.hub, "HubNotOperator")
        .withArgs(POOL, market.operator);
      await expect(settle(market, round, market.stranger))
        .to.emit(market.hub, "TaskSettled")
        .withArgs(opened.dealId, 0n, RIGHT);
    });
  });
});
