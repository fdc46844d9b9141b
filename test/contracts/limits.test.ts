import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";
import { keccak256, toBeHex } from "ethers";

import { MAX_VOTES_PER_TASK, SETTLE_WINDOW_SECONDS, TRANSACTION_GAS_CAP } from "../../protocol/constants.ts";
import { packDeal } from "../../protocol/deal-words.ts";
import type { Hash } from "../../protocol/primitives.ts";
import { matchBatch, outcomeOf, requests } from "./support/batch.ts";
import { changesOf, expectBooksToBalance } from "./support/books.ts";
import { ethers, loadFixture, networkHelpers, time } from "./support/chain.ts";
import { openMarketFixture } from "./support/market.ts";
import type { Market } from "./support/market.ts";
import { POOL_PRICE, matchWith, openDeal, ordersOf, signedOrders } from "./support/orders.ts";
import type { Changes, OpenedDeal } from "./support/orders.ts";
import { RIGHT, agreeing, roundOf, seal, settle, settleVotes } from "./support/round.ts";

const MOST = { trust: 2 ** 32 - 1, score: 2 ** 24 - 1, weight: 127, volume: 2 ** 32 - 1 } as const;
const MAX_INT128 = 2n ** 127n - 1n;
const MAX_UINT128 = 2n ** 128n - 1n;
/** Seconds from opening to the end of the last settle, in category 0. */
const LIFETIME = 3_000 + SETTLE_WINDOW_SECONDS;

/** As many voters as a task can have; where a vote stakes nothing, they need no bond. */
async function votersFixture() {
  const market = await openMarketFixture();
  const voters = Array.from({ length: MAX_VOTES_PER_TASK }, (_unused, i) => new ethers.Wallet(ethers.id(`voter ${i}`)));
  return { market, voters };
}

type Voter = Awaited<ReturnType<typeof votersFixture>>["voters"][number];

/** Where {Hub} keeps what it knows of a worker. */
function slotOfWorker(worker: string): Hash {
  const layout = readFileSync(join(import.meta.dirname, "../../snapshots/storage-layout.txt"), "utf8");
  const [, slot] = /^ +(\d+)\+0 _workers:/m.exec(layout)!;
  return keccak256(ethers.AbiCoder.defaultAbiCoder().encode(["address", "uint256"], [worker, slot])) as Hash;
}

/** Gives these voters this score, without a bond. */
async function giveScore(market: Market, voters: readonly Voter[], score: number): Promise<void> {
  for (const { address } of voters) {
    const account = toBeHex(BigInt(score) << 232n, 32); // the last three bytes of the slot
    await networkHelpers.setStorageAt(await market.hub.getAddress(), slotOfWorker(address), BigInt(account));
    expect((await market.hub.workerOf(address)).score).to.equal(score);
  }
}

const openTo = (trust: number, maxWeight: number, volume = 1): Changes => ({
  pool: { maxTrust: MOST.trust, workerStake: 0 },
  request: { trust, maxWeight, volume },
});

describe("the greatest and the least", function () {
  describe("given as many votes as a task can have", function () {
    it("settles for the greatest scores, weights and trust, and raises no score beyond the greatest", async function () {
      const { market, voters } = await loadFixture(votersFixture);
      await giveScore(market, voters, MOST.score);
      const opened = await openDeal(market, openTo(MOST.trust, MOST.weight));

      const earned = await changesOf(market, voters, () => settleVotes(market, agreeing(voters, opened)));

      expect(await market.hub.isClosed(opened.dealId, 0)).to.equal(true);
      const part = (POOL_PRICE * 89n) / 100n / BigInt(MAX_VOTES_PER_TASK);
      expect(earned.map(({ available }) => available)).to.deep.equal(voters.map(() => part));
      for (const voter of voters) expect((await market.hub.workerOf(voter)).score).to.equal(MOST.score);
      await expectBooksToBalance(
        market,
        voters.map(({ address }) => address),
      );
    });

    it("wants 32 newcomers for the greatest trust, and 31 for one of 2^31; at exactly even odds nobody decides", async function () {
      const { market, voters } = await loadFixture(votersFixture);
      // 31 newcomers weigh 2^31: as much as the odds that a trust of 2^31 + 1 asks for, which is not more.
      const tasks = [
        { trust: MOST.trust, count: 32, decides: true },
        { trust: MOST.trust, count: 31, decides: false },
        { trust: 2 ** 31, count: 31, decides: true },
        { trust: 2 ** 31 + 1, count: 31, decides: false },
      ];
      const deals: OpenedDeal[] = [];
      for (const { trust } of tasks) deals.push(await openDeal(market, openTo(trust, MOST.weight)));

      await settleVotes(
        market,
        tasks.flatMap(({ count }, i) => agreeing(voters.slice(0, count), deals[i]!)),
      );

      for (const [i, { trust, count, decides }] of tasks.entries()) {
        expect(await market.hub.isClosed(deals[i]!.dealId, 0), `${count} at ${trust}`).to.equal(decides);
      }
    });

    it("finds the one answer of 32 that outweighs all others, and none where all weigh the same", async function () {
      const { market, voters } = await loadFixture(votersFixture);
      await giveScore(market, voters.slice(0, 1), MOST.score);
      const opened = await openDeal(market, openTo(2, MOST.weight));
      const equal = await openDeal(market, openTo(2, 2));
      const casts = [opened, equal].flatMap((deal) =>
        voters.flatMap((voter, i) => agreeing([voter], deal, ethers.id(`answer ${i}`) as Hash)),
      );

      const tx = await settleVotes(market, casts);

      await expect(tx).to.emit(market.hub, "TaskSettled").withArgs(opened.dealId, 0n, ethers.id("answer 0"));
      expect(await market.hub.isClosed(equal.dealId, 0)).to.equal(false);
      // The heaviest score counts no more than the request allows.
      expect((await market.hub.workerOf(voters[0]!)).score).to.equal(MOST.score);
    });
  });

  describe("given a deal of the greatest volume", function () {
    it("settles its first, middle and last task once each, and refunds all between at the claim", async function () {
      const market = await loadFixture(openMarketFixture);
      const cheap = { app: { price: 1n }, pool: { price: 2n, workerStake: 0 } };
      const opened = await openDeal(market, { ...cheap, request: { volume: MOST.volume } });
      const places = [0, 207, 208, 208 + 256, 2 ** 31, MOST.volume - 1];
      const pair = market.workers.slice(0, 2);
      const round = await roundOf(
        market,
        places.flatMap((index) => agreeing(pair, opened, RIGHT, index)),
      );
      await seal(market, round);
      await settle(market, round);

      expect(await market.hub.dealState(opened.dealId)).to.deep.equal([true, BigInt(places.length)]);
      for (const index of places) expect(await market.hub.isClosed(opened.dealId, index), `${index}`).to.equal(true);
      for (const index of [1, 206, 209, 463, 465, 2 ** 31 - 1, 2 ** 31 + 1, MOST.volume - 2]) {
        expect(await market.hub.isClosed(opened.dealId, index), `${index}`).to.equal(false);
      }
      await time.setNextBlockTimestamp(opened.deal.openedAt + LIFETIME + 1);
      const [payer] = await changesOf(market, [market.requester], () => market.hub.claim(packDeal(opened.deal)));
      const refunded = 3n * BigInt(MOST.volume - places.length);
      expect(payer).to.deep.equal({ available: refunded, locked: -refunded });
      await expectBooksToBalance(market);
    });

    it("has no task beyond its last", async function () {
      const market = await loadFixture(openMarketFixture);
      const free = { app: { price: 0n }, pool: { price: 0n } };
      const opened = await openDeal(market, { ...free, request: { volume: MOST.volume } });

      await expect(settleVotes(market, agreeing(market.workers.slice(0, 2), opened, RIGHT, MOST.volume)))
        .to.be.revertedWithCustomError(market.hub, "HubIndexTooHigh")
        .withArgs(opened.dealId, MOST.volume, MOST.volume);
    });
  });

  describe("given the greatest prices", function () {
    const price = (app: bigint, pool: bigint, volume = 1): Changes => ({
      app: { price: app },
      pool: { price: pool },
      request: { maxAppPrice: MAX_UINT128, maxPoolPrice: MAX_UINT128, volume },
    });
    const FIT: Readonly<Record<string, Changes>> = {
      "an app": price(MAX_INT128, 0n),
      "a pool, with its stake": price(0n, MAX_INT128),
      "both together": price(2n ** 126n, 2n ** 126n - 1n),
    };
    const TOO_LARGE: Readonly<Record<string, readonly [Changes, bigint]>> = {
      "an app": [price(MAX_UINT128, 0n), MAX_UINT128],
      "a pool": [price(0n, MAX_UINT128), MAX_UINT128],
      "both together by a wei": [price(2n ** 126n, 2n ** 126n), MAX_INT128 + 1n],
      "everything, of the greatest volume": [
        price(MAX_UINT128, MAX_UINT128, MOST.volume),
        2n * MAX_UINT128 * BigInt(MOST.volume),
      ],
    };
    for (const [what, changes] of Object.entries(FIT)) {
      it(`says that nobody has that much where it fits a balance: ${what}`, async function () {
        const market = await loadFixture(openMarketFixture);

        // Of payer or pool's owner: whichever is looked at first.
        await expect(matchWith(market, changes)).to.be.revertedWithCustomError(
          market.escrow,
          "EscrowInsufficientBalance",
        );
        const { skipped } = await inABatch(market, changes);
        expect(skipped.map(({ error }) => error)).to.deep.equal(["EscrowInsufficientBalance"]);
      });
    }
    for (const [what, [changes, total]] of Object.entries(TOO_LARGE)) {
      it(`says that no balance can hold it: ${what}`, async function () {
        const market = await loadFixture(openMarketFixture);

        await expect(matchWith(market, changes))
          .to.be.revertedWithCustomError(market.marketplace, "MarketplaceAmountTooLarge")
          .withArgs(total);
        const { skipped } = await inABatch(market, changes);
        expect(skipped.map(({ error, args }) => [error, args])).to.deep.equal([["MarketplaceAmountTooLarge", [total]]]);
      });
    }

    async function inABatch(market: Market, { request, ...asks }: Changes) {
      return outcomeOf(market, await matchBatch(market, await requests(market, [request!]), asks));
    }
  });

  it("opens 200 deals in one transaction, whose gas is capped", async function () {
    const market = await loadFixture(openMarketFixture);
    const wanted = Array.from({ length: 200 }, () => ({}));
    const signed = await requests(market, wanted);
    const { app, dataset, pool } = await signedOrders(market, ordersOf(market, { dataset: { dataset: 0n } }));
    const gasLimit = TRANSACTION_GAS_CAP;

    const tx = await market.marketplace.matchBatch(app, dataset, pool, [...signed], { gasLimit });

    expect((await outcomeOf(market, tx)).deals.length).to.equal(wanted.length);
    await expectBooksToBalance(market);
  });
});
