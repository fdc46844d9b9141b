import { expect } from "chai";

import { taskIdOf } from "../../protocol/deal.ts";
import { changesOf, expectBooksToBalance } from "./support/books.ts";
import { loadFixture, time } from "./support/chain.ts";
import type { Account } from "./support/chain.ts";
import { bondOf, keptBy, settleAt, silent } from "./support/kept.ts";
import { BOND, openMarketFixture } from "./support/market.ts";
import type { Market } from "./support/market.ts";
import { POOL_PRICE, WORKER_STAKE, addressOf, openDeal } from "./support/orders.ts";
import type { OpenedDeal } from "./support/orders.ts";
import { RIGHT, WRONG, agreeing, settleVotes } from "./support/round.ts";
import type { Cast } from "./support/round.ts";

/** Of a pool price of 100 MILL: 1 is burned, 10 go to the pool owner. */
const WORKERS_PART = (POOL_PRICE * 89n) / 100n;
/** Seconds in which a kept vote has to be opened, and that a bond takes to leave. */
const OPEN = 600;
const UNBONDING = 86_400;

/** A worker that can lose one stake and no more. */
async function poorFixture() {
  const market = await openMarketFixture();
  const poor = market.stranger;
  await market.hub.connect(poor).bond(WORKER_STAKE);
  const [first, second, third, fourth] = market.workers as [Account, Account, Account, Account];
  return { market, poor, first, second, third, fourth };
}

/** A deal that lives longer than a bond takes to leave. */
const LONG = { pool: { category: 4 }, request: { category: 4 } };
/** As in {SkipReason}. */
const TASK_CLOSED = 4n;

/** A task with one vote of `worker`, kept. */
async function keptVoteOf(market: Market, worker: Account, digest = RIGHT, isSilent = false, changes = {}) {
  const opened = await openDeal(market, changes);
  const cast: Cast = isSilent ? silent(worker, opened, digest) : { worker, opened, digest };
  return { opened, kept: await keptBy(market, await settleVotes(market, [cast]), opened) };
}

/** Raises a worker's score by that many tasks. */
async function practise(market: Market, worker: Account, helper: Account, times: number): Promise<void> {
  const opened = await openDeal(market, { request: { volume: times } });
  for (let index = 0; index < times; index++)
    await settleVotes(market, agreeing([worker, helper], opened, RIGHT, index));
}

const settled = (market: Market, { dealId }: OpenedDeal) => market.hub.isClosed(dealId, 0n);

describe("Hub: what covers kept votes", function () {
  it("is not what new votes use up, whichever task comes first", async function () {
    const { market, poor, first } = await loadFixture(poorFixture);
    const { opened, kept } = await keptVoteOf(market, poor);
    // Of many new deals some ids are below that of the kept task, and some above.
    for (let i = 0; i < 4; i++) {
      const other = await openDeal(market, { request: { trust: 2 } });

      await settleVotes(market, agreeing([poor, first], other), { kept: [kept] });

      expect(await settled(market, other), `deal ${i}`).to.equal(true);
    }
    expect(await settled(market, opened)).to.equal(false);
  });

  it("is used up by a second vote on a kept task too, though that counts for nothing", async function () {
    const { market, poor, first } = await loadFixture(poorFixture);
    const opened = await openDeal(market, { request: { volume: 2 } });
    const kept = await keptBy(market, await settleVotes(market, agreeing([poor], opened)), opened);

    const casts = [...agreeing([poor], opened), ...agreeing([poor, first], opened, RIGHT, 1)];
    const tx = await settleVotes(market, casts, { kept: [kept] });

    expect((await keptBy(market, tx, opened, 1)).votes.map(({ worker }) => worker)).to.deep.equal([addressOf(first)]);
  });

  it("suffices where it is just the stake", async function () {
    const { market, poor, first } = await loadFixture(poorFixture);
    const { opened, kept } = await keptVoteOf(market, poor);

    const [paid] = await changesOf(market, [poor], () =>
      settleVotes(market, agreeing([first], opened), { kept: [kept] }),
    );

    expect(paid!.available).to.equal(WORKERS_PART / 2n);
  });

  it("is lost once, however many kept votes differ in one settle", async function () {
    const { market, poor, first, second } = await loadFixture(poorFixture);
    const lies = [];
    for (let i = 0; i < 3; i++) lies.push(await keptVoteOf(market, poor, WRONG));
    const casts = lies.flatMap(({ opened }) => agreeing([first, second, ...market.workers.slice(2, 4)], opened));
    await expect(settleVotes(market, casts, { kept: lies.map(({ kept }) => kept) }))
      .to.emit(market.hub, "Slashed")
      .withArgs(poor, WORKER_STAKE);

    expect(await bondOf(market, poor)).to.equal(0n);
    for (const { opened } of lies) expect(await settled(market, opened)).to.equal(true);
    await expectBooksToBalance(market);
  });

  it("once lost, leaves a vote without weight or pay, but kept", async function () {
    const { market, poor, first } = await loadFixture(poorFixture);
    const { opened, kept } = await keptVoteOf(market, poor, RIGHT, false, LONG);
    await market.hub.connect(poor).unbond(1n);
    await time.increase(UNBONDING);

    const tx = await settleVotes(market, agreeing([first], opened), { kept: [kept] });
    const again = await keptBy(market, tx, opened);
    expect(again.votes.map(({ worker }) => worker)).to.deep.equal([addressOf(poor), addressOf(first)]);

    const [unpaid, paid] = await changesOf(market, [poor, first], () =>
      settleVotes(market, agreeing(market.workers.slice(1, 2), opened), { kept: [again] }),
    );
    expect(unpaid).to.deep.equal({ available: 0n, locked: 0n });
    expect(paid!.available).to.equal(WORKERS_PART / 2n);
    expect((await market.hub.workerOf(poor)).score).to.equal(0n);
  });

  it("once lost, still costs a liar what is left and a third of its score", async function () {
    const { market, poor, first, second, third, fourth } = await loadFixture(poorFixture);
    await practise(market, poor, fourth, 3);
    const { opened, kept } = await keptVoteOf(market, poor, WRONG, false, LONG);
    await market.hub.connect(poor).unbond(1n);
    await time.increase(UNBONDING);

    await expect(settleVotes(market, agreeing([first, second, third], opened), { kept: [kept] }))
      .to.emit(market.hub, "Slashed")
      .withArgs(poor, WORKER_STAKE - 1n);

    expect(await bondOf(market, poor)).to.equal(0n);
    expect((await market.hub.workerOf(poor)).score).to.equal(2n);
    await expectBooksToBalance(market);
  });

  it("once lost, still costs a silent worker what is left, and stops nobody", async function () {
    const { market, poor, first, second } = await loadFixture(poorFixture);
    const { opened, kept } = await keptVoteOf(market, poor, RIGHT, true, LONG);
    await market.hub.connect(poor).unbond(WORKER_STAKE);
    await time.increase(UNBONDING + OPEN);
    await market.hub.connect(poor).withdrawBond();

    const tx = await settleVotes(market, agreeing([first, second], opened), { kept: [kept] });

    await expect(tx).to.emit(market.hub, "VoteWithheld");
    await expect(tx).not.to.emit(market.hub, "Slashed");
    expect(await settled(market, opened)).to.equal(true);
  });
});

describe("Hub: kept votes among others", function () {
  it("must be brought although another task of the deal settled in the call that kept them", async function () {
    const market = await loadFixture(openMarketFixture);
    const opened = await openDeal(market, { request: { volume: 3 } });
    const [first, second, third] = market.workers as [Account, Account, Account];
    const casts = [...agreeing([first], opened, RIGHT, 0), ...agreeing([second, third], opened, RIGHT, 1)];
    await settleVotes(market, casts);

    await expect(settleVotes(market, agreeing([second], opened, RIGHT, 0))).to.be.revertedWithCustomError(
      market.hub,
      "HubKeptVotesMismatch",
    );
  });

  it("delay their own task alone", async function () {
    const market = await loadFixture(openMarketFixture);
    const opened = await openDeal(market, { request: { volume: 2 } });
    const pair = market.workers.slice(0, 2);
    const casts = [silent(market.workers[2]!, opened), ...agreeing(pair, opened, RIGHT, 1)];

    await expect(settleVotes(market, casts)).to.emit(market.hub, "TaskSettled").withArgs(opened.dealId, 1n, RIGHT);
  });

  it("of other tasks do not stand for a worker's first vote on this one", async function () {
    const market = await loadFixture(openMarketFixture);
    const opened = await openDeal(market, { request: { trust: 4, volume: 2 } });
    const [first, second] = market.workers as [Account, Account];
    const tx = await settleVotes(market, [
      ...agreeing([first], opened, RIGHT, 0),
      ...agreeing([second], opened, RIGHT, 1),
    ]);
    const kept = [await keptBy(market, tx, opened, 0), await keptBy(market, tx, opened, 1)];

    const crossed = [...agreeing([second], opened, RIGHT, 0), ...agreeing([first], opened, RIGHT, 1)];
    await settleVotes(market, crossed, { kept });

    expect(await market.hub.dealState(opened.dealId)).to.deep.equal([false, 2n]);
  });

  it("that alone would decide give way to new ones that outweigh them", async function () {
    const market = await loadFixture(openMarketFixture);
    const opened = await openDeal(market, { request: { trust: 2 } });
    const [first, second, mute, ...others] = market.workers as [Account, Account, Account, ...Account[]];
    const tx = await settleVotes(market, [...agreeing([first, second], opened), silent(mute, opened)]);
    const kept = await keptBy(market, tx, opened);
    const { keptAt } = await market.hub.keptVotesOf(taskIdOf(opened.dealId, 0));

    const [early, late] = await changesOf(market, [first, others[0]!], () =>
      settleAt(market, Number(keptAt) + OPEN + 1, agreeing(others.slice(0, 4), opened, WRONG), [kept]),
    );

    expect(early).to.deep.equal({ available: 0n, locked: -WORKER_STAKE });
    expect(late!.available).to.equal(WORKERS_PART / 4n);
  });

  it("that are withheld take the worker's new vote of the same settle with them", async function () {
    const market = await loadFixture(openMarketFixture);
    const opened = await openDeal(market);
    const [mute, other] = market.workers as [Account, Account];
    const kept = await keptBy(market, await settleVotes(market, [silent(mute, opened)]), opened);
    await time.increase(OPEN + 1);

    const tx = await settleVotes(market, agreeing([mute, other], opened), { kept: [kept] });

    expect((await keptBy(market, tx, opened)).votes.map(({ worker }) => worker)).to.deep.equal([addressOf(other)]);
    expect(await bondOf(market, mute)).to.equal(BOND - WORKER_STAKE);
  });

  it("are not compared where their task is settled, whatever is brought", async function () {
    const market = await loadFixture(openMarketFixture);
    const opened = await openDeal(market, { request: { volume: 2 } });
    const [first, second, third] = market.workers as [Account, Account, Account];
    const kept = await keptBy(market, await settleVotes(market, agreeing([first], opened)), opened);
    await settleVotes(market, agreeing([second], opened), { kept: [kept] });

    await expect(
      settleVotes(market, agreeing([third], opened), { kept: [{ ...kept, votes: [...kept.votes].reverse() }] }),
    )
      .to.emit(market.hub, "TaskSkipped")
      .withArgs(taskIdOf(opened.dealId, 0), TASK_CLOSED);
  });
});

describe("Hub: a worker of some weight", function () {
  for (const caps of [
    [2, 16],
    [16, 2],
  ]) {
    it(`weighs in each deal of one settle what that deal lets it: ${caps.join(", then ")}`, async function () {
      const market = await loadFixture(openMarketFixture);
      const [old, newcomer, teacher] = market.workers as [Account, Account, Account];
      await practise(market, old, teacher, 15);
      const deals = [];
      for (const maxWeight of caps) deals.push(await openDeal(market, { request: { maxWeight } }));
      const sorted = deals.sort((a, b) => (BigInt(a.dealId) < BigInt(b.dealId) ? -1 : 1));

      const [share] = await changesOf(market, [old], () =>
        settleVotes(
          market,
          sorted.flatMap((opened) => agreeing([old, newcomer], opened)),
        ),
      );

      // Capped it weighs 2 and has one share of two; else 4, and two shares of three.
      expect(share!.available).to.equal(WORKERS_PART / 2n + (WORKERS_PART * 2n) / 3n);
    });
  }
});
