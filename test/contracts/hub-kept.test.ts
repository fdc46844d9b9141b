import { anyValue } from "@nomicfoundation/hardhat-ethers-chai-matchers/withArgs";
import { expect } from "chai";

import { taskIdOf } from "../../protocol/deal.ts";
import { NO_KEPT_VOTES, keptVotesHash } from "../../protocol/kept-votes.ts";
import type { Hash } from "../../protocol/primitives.ts";
import { changesOf, expectBooksToBalance } from "./support/books.ts";
import { ethers, loadFixture, time } from "./support/chain.ts";
import type { Account } from "./support/chain.ts";
import { bondOf, disagreementFixture, keptBy, opening, silenceFixture, silent } from "./support/kept.ts";
import { BOND, openMarketFixture } from "./support/market.ts";
import { CALLBACK_CAPABILITY, POOL_PRICE, WORKER_STAKE, addressOf, openDeal } from "./support/orders.ts";
import { RIGHT, WRONG, agreeing, roundOf, seal, secretOf, settle, settleVotes } from "./support/round.ts";
import type { Cast } from "./support/round.ts";

/** Of a pool price of 100 MILL: 1 is burned, 10 go to the pool owner. */
const WORKERS_PART = (POOL_PRICE * 89n) / 100n;
/** Seconds from opening to deadline in category 0, and from there to the last settle. */
const WINDOW = 3_600;

describe("Hub: kept votes", function () {
  describe("given a task on which its voters disagree", function () {
    it("keeps their votes, and says which", async function () {
      const { market, opened, first, liar, kept, tx } = await loadFixture(disagreementFixture);

      expect(kept.votes).to.deep.equal([
        { worker: addressOf(first), isSealed: false, word: RIGHT },
        { worker: addressOf(liar), isSealed: false, word: WRONG },
      ]);
      const block = await ethers.provider.getBlock((await tx.wait())!.blockNumber);
      const { keptAt, votesHash } = await market.hub.keptVotesOf(taskIdOf(opened.dealId, 0));
      expect(keptAt).to.equal(block!.timestamp);
      expect(votesHash).to.equal(keptVotesHash(kept.votes));
      expect(await market.hub.isClosed(opened.dealId, 0n)).to.equal(false);
    });

    it("counts them with the next ones: pays both who are right, and slashes the liar", async function () {
      const { market, opened, first, liar, third, kept } = await loadFixture(disagreementFixture);

      const [early, lied, late] = await changesOf(market, [first, liar, third], async () => {
        const tx = await settleVotes(market, agreeing([third], opened), { kept: [kept] });
        await expect(tx).to.emit(market.hub, "TaskSettled").withArgs(opened.dealId, 0n, RIGHT);
        await expect(tx).to.emit(market.hub, "Slashed").withArgs(liar, WORKER_STAKE);
      });

      expect(early).to.deep.equal({ available: WORKERS_PART / 2n, locked: 0n });
      expect(late).to.deep.equal(early);
      expect(lied).to.deep.equal({ available: 0n, locked: -WORKER_STAKE });
      expect((await market.hub.workerOf(first)).score).to.equal(1n);
      await expectBooksToBalance(market);
    });

    it("keeps nothing of a task that is settled", async function () {
      const { market, opened, third, kept } = await loadFixture(disagreementFixture);

      await settleVotes(market, agreeing([third], opened), { kept: [kept] });

      expect(await market.hub.keptVotesOf(taskIdOf(opened.dealId, 0))).to.deep.equal([0n, NO_KEPT_VOTES]);
    });

    it("keeps the earlier votes and the new ones while they do not decide", async function () {
      const { market, opened, third, fourth, kept } = await loadFixture(disagreementFixture);
      const other = ethers.id("another answer") as Hash;

      const tx = await settleVotes(market, agreeing([third], opened, other), { kept: [kept] });

      const again = await keptBy(market, tx, opened);
      expect(again.votes).to.deep.equal([...kept.votes, { worker: addressOf(third), isSealed: false, word: other }]);
      await expect(settleVotes(market, agreeing([fourth, market.workers[4]!], opened), { kept: [again] }))
        .to.emit(market.hub, "TaskSettled")
        .withArgs(opened.dealId, 0n, RIGHT);
    });

    it("rejects a settle that names the task without them, or with others", async function () {
      const { market, opened, first, third, kept } = await loadFixture(disagreementFixture);
      const [one, two] = kept.votes as [(typeof kept.votes)[0], (typeof kept.votes)[0]];
      const wrong = [
        [],
        [one],
        [two, one],
        [one, two, { ...two, worker: addressOf(market.workers[5]!) }],
        [{ ...one, word: WRONG }, two],
        [{ ...one, isSealed: true }, two],
        [one, { ...two, isSealed: true, opening: { digest: WRONG, secret: secretOf(first) } }],
      ];
      const rounds = await Promise.all(
        wrong.map((votes) => roundOf(market, agreeing([third], opened), { kept: [{ opened, votes }] })),
      );
      await seal(market, rounds[0]!);

      for (const round of rounds) {
        await expect(settle(market, round))
          .to.be.revertedWithCustomError(market.hub, "HubKeptVotesMismatch")
          .withArgs(taskIdOf(opened.dealId, 0));
      }
    });

    it("rejects kept votes of a task that has none", async function () {
      const { market, opened, third, kept } = await loadFixture(disagreementFixture);
      const fresh = await openDeal(market);
      for (const invented of [
        { opened, index: 1, votes: kept.votes },
        { opened: fresh, votes: kept.votes },
      ]) {
        const round = await roundOf(market, agreeing([third], fresh), { kept: [kept, invented] });
        await market.hub.connect(market.operator).seal.staticCall(round.pool, round.lane, [...round.leaves]);

        await seal(market, round);
        await expect(settle(market, round)).to.be.revertedWithCustomError(market.hub, "HubKeptVotesMismatch");
        await time.increase(WINDOW + 1);
      }
    });

    it("counts nothing more of a worker of whom a vote is kept, and takes no second stake", async function () {
      const { market, opened, liar, kept } = await loadFixture(disagreementFixture);

      // With a second vote for what it did not say first, the liar would make it two against none.
      const tx = await settleVotes(market, agreeing([liar], opened), { kept: [kept] });

      expect((await keptBy(market, tx, opened)).votes).to.deep.equal(kept.votes);
      await settleVotes(market, agreeing([market.workers[2]!], opened), { kept: [kept] });
      expect(await bondOf(market, liar)).to.equal(BOND - WORKER_STAKE);
    });

    it("leaves nothing to keep where no vote is covered", async function () {
      const market = await loadFixture(openMarketFixture);
      const opened = await openDeal(market);

      const tx = await settleVotes(market, agreeing([market.stranger], opened));

      expect((await keptBy(market, tx, opened)).votes).to.deep.equal([]);
      expect(await market.hub.keptVotesOf(taskIdOf(opened.dealId, 0))).to.deep.equal([0n, NO_KEPT_VOTES]);
      await settleVotes(market, agreeing(market.workers.slice(0, 2), opened));
      expect(await market.hub.isClosed(opened.dealId, 0n)).to.equal(true);
    });

    it("takes 32 votes together, and no more", async function () {
      const { market, opened, kept } = await loadFixture(disagreementFixture);
      const round = await roundOf(market, agreeing(market.workers.slice(2, 3), opened), { kept: [kept] });
      await seal(market, round);
      const head = "0x0000" + "00000000" + "02";

      await expect(settle(market, { ...round, tasks: `${head}021f` as Hash }))
        .to.be.revertedWithCustomError(market.hub, "HubTaskMalformed")
        .withArgs(2n, 33n);
      await expect(settle(market, { ...round, tasks: `${head}021e` as Hash })).to.be.revertedWithCustomError(
        market.hub,
        "HubStreamTruncated",
      );
    });
  });

  describe("given kept votes that decide alone", function () {
    /** What two said is known to all when the task is voted again. */
    async function decidedFixture() {
      const base = await silenceFixture();
      return { ...base, known: opening(base.kept, WRONG, base.mute) };
    }

    it("settles them from an epoch without ballots", async function () {
      const { market, opened, first, mute, known } = await loadFixture(decidedFixture);

      const [paid, lied] = await changesOf(market, [first, mute], async () => {
        await expect(settleVotes(market, [], { kept: [known] }))
          .to.emit(market.hub, "TaskSettled")
          .withArgs(opened.dealId, 0n, RIGHT);
      });

      expect(paid!.available).to.equal(WORKERS_PART / 2n);
      expect(lied).to.deep.equal({ available: 0n, locked: -WORKER_STAKE });
      await expectBooksToBalance(market);
    });

    it("pays nothing for the same answer afterwards, and raises no score by it", async function () {
      const { market, opened, first, fourth, known } = await loadFixture(decidedFixture);

      const [early, copied] = await changesOf(market, [first, fourth], () =>
        settleVotes(market, agreeing([fourth], opened), { kept: [known] }),
      );

      expect(early!.available).to.equal(WORKERS_PART / 2n);
      expect(copied).to.deep.equal({ available: 0n, locked: 0n });
      expect((await market.hub.workerOf(fourth)).score).to.equal(0n);
      expect((await market.hub.workerOf(first)).score).to.equal(1n);
    });

    it("slashes another answer like any other", async function () {
      const { market, opened, fourth, known } = await loadFixture(decidedFixture);
      const deal = await openDeal(market, { request: { trust: 2 } });
      const kept = await keptBy(market, await settleVotes(market, [silent(fourth, deal)]), deal);

      const tx = await settleVotes(market, agreeing([fourth], opened, WRONG), { kept: [known, kept] });

      await expect(tx).to.emit(market.hub, "TaskKept").withArgs(opened.dealId, 0n, anyValue);
      const again = await keptBy(market, tx, opened);
      const [, , , lied] = await changesOf(market, market.workers.slice(0, 4), () =>
        settleVotes(market, agreeing(market.workers.slice(4, 6), opened), { kept: [again] }),
      );
      expect(lied!.locked).to.equal(-WORKER_STAKE);
    });
  });

  it("keeps the votes of a task whose callback data is not brought, and pays them when it is", async function () {
    const market = await loadFixture(openMarketFixture);
    const receiver = await ethers.deployContract("ReceiverMock");
    const callback = (await receiver.getAddress()).toLowerCase() as `0x${string}`;
    const opened = await openDeal(market, { pool: { capabilities: CALLBACK_CAPABILITY }, request: { callback } });
    const data = "0xda7a";
    const digest = ethers.keccak256(ethers.concat([ethers.toUtf8Bytes("gridmill.callback"), data])) as Hash;
    const pair = market.workers.slice(0, 2);
    const first = await settleVotes(market, agreeing(pair, opened, digest), { callbacks: ["0x"] });
    const kept = await keptBy(market, first, opened);

    const tx = await settleVotes(market, [], { kept: [kept], callbacks: [data] });

    await expect(tx).to.emit(market.hub, "TaskSettled").withArgs(opened.dealId, 0n, digest);
    expect((await market.hub.workerOf(pair[0]!)).score).to.equal(1n);
  });

  it("keeps and settles tasks beyond the first words of a deal", async function () {
    const market = await loadFixture(openMarketFixture);
    const opened = await openDeal(market, { request: { trust: 2, volume: 300 } });
    const [first, liar, third] = market.workers as [Account, Account, Account];
    const indexes = [0, 207, 208, 299];
    const casts = indexes.flatMap((index): Cast[] => [
      { worker: first, opened, index, digest: RIGHT },
      { worker: liar, opened, index, digest: WRONG },
    ]);
    const tx = await settleVotes(market, casts);
    const kept = await Promise.all(indexes.map((index) => keptBy(market, tx, opened, index)));

    await settleVotes(
      market,
      indexes.flatMap((index) => agreeing([third], opened, RIGHT, index)),
      { kept },
    );

    for (const index of indexes) expect(await market.hub.isClosed(opened.dealId, index)).to.equal(true);
    expect(await bondOf(market, liar)).to.equal(BOND - 4n * WORKER_STAKE);
    await expectBooksToBalance(market);
  });
});
