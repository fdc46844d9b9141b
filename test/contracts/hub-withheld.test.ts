import { expect } from "chai";

import { sealOf } from "../../protocol/ballot.ts";
import { taskIdOf } from "../../protocol/deal.ts";
import { changesOf, expectBooksToBalance } from "./support/books.ts";
import { loadFixture, time } from "./support/chain.ts";
import { bondOf, keptBy, opening, settleAt, silenceFixture, silent } from "./support/kept.ts";
import { BOND } from "./support/market.ts";
import { POOL_PRICE, WORKER_STAKE, addressOf, openDeal } from "./support/orders.ts";
import { RIGHT, WRONG, agreeing, roundOf, seal, secretOf, settle, settleVotes } from "./support/round.ts";

/** Of a pool price of 100 MILL: 1 is burned, 10 go to the pool owner. */
const WORKERS_PART = (POOL_PRICE * 89n) / 100n;
/** Seconds in which a kept vote has to be opened. */
const OPEN = 600;

describe("Hub: votes that are kept sealed", function () {
  it("is kept by its seal", async function () {
    const { opened, mute, kept } = await loadFixture(silenceFixture);

    expect(kept.votes[2]).to.deep.equal({
      worker: addressOf(mute),
      isSealed: true,
      word: sealOf(addressOf(mute), taskIdOf(opened.dealId, 0), WRONG, secretOf(mute)),
    });
  });

  it("leaves the task open in the last second in which it may be opened", async function () {
    const { market, opened, mute, kept, keptAt } = await loadFixture(silenceFixture);

    const tx = await settleAt(market, keptAt + OPEN, [], [kept]);

    expect((await keptBy(market, tx, opened)).votes).to.deep.equal(kept.votes);
    expect(await bondOf(market, mute)).to.equal(BOND);
    expect((await market.hub.keptVotesOf(taskIdOf(opened.dealId, 0))).keptAt).to.equal(keptAt + OPEN);
  });

  it("is withheld one second later: costs what a lie costs, and the others settle", async function () {
    const { market, opened, first, mute, kept, keptAt } = await loadFixture(silenceFixture);

    const [paid, lost] = await changesOf(market, [first, mute], async () => {
      const tx = await settleAt(market, keptAt + OPEN + 1, [], [kept]);
      await expect(tx).to.emit(market.hub, "VoteWithheld").withArgs(taskIdOf(opened.dealId, 0), mute);
      await expect(tx).to.emit(market.hub, "Slashed").withArgs(mute, WORKER_STAKE);
      await expect(tx).to.emit(market.hub, "TaskSettled").withArgs(opened.dealId, 0n, RIGHT);
    });

    expect(paid!.available).to.equal(WORKERS_PART / 2n);
    expect(lost).to.deep.equal({ available: 0n, locked: -WORKER_STAKE });
    await expectBooksToBalance(market);
  });

  it("costs a third of the score", async function () {
    const { market, mute, fourth } = await loadFixture(silenceFixture);
    const practice = await openDeal(market, { request: { volume: 9 } });
    const casts = Array.from({ length: 9 }, (_unused, index) => agreeing([mute, fourth], practice, RIGHT, index));
    await settleVotes(market, casts.flat());
    const opened = await openDeal(market);
    const kept = await keptBy(market, await settleVotes(market, [silent(mute, opened)]), opened);

    await time.increase(OPEN);
    await settleVotes(market, [], { kept: [kept] });

    expect((await market.hub.workerOf(mute)).score).to.equal(6n);
  });

  it("is gone once it was withheld, though the task stays open", async function () {
    const { market, mute, fourth } = await loadFixture(silenceFixture);
    const opened = await openDeal(market);
    const casts = [...agreeing([fourth], opened), silent(mute, opened)];
    const kept = await keptBy(market, await settleVotes(market, casts), opened);
    await time.increase(OPEN);

    const again = await keptBy(market, await settleVotes(market, [], { kept: [kept] }), opened);

    expect(again.votes).to.deep.equal([{ worker: addressOf(fourth), isSealed: false, word: RIGHT }]);
    await time.increase(OPEN);
    await settleVotes(market, [], { kept: [again] });
    expect(await bondOf(market, mute)).to.equal(BOND - WORKER_STAKE);
  });

  it("counts when its operator opens it, however late", async function () {
    const { market, opened, mute, kept, keptAt } = await loadFixture(silenceFixture);

    const tx = await settleAt(market, keptAt + OPEN + 1, [], [opening(kept, WRONG, mute)]);

    await expect(tx).not.to.emit(market.hub, "VoteWithheld");
    await expect(tx).to.emit(market.hub, "TaskSettled").withArgs(opened.dealId, 0n, RIGHT);
  });

  it("opens by its own secret and answer alone", async function () {
    const { market, opened, first, mute, kept } = await loadFixture(silenceFixture);
    const [one, two, last] = kept.votes as [(typeof kept.votes)[0], (typeof kept.votes)[0], (typeof kept.votes)[0]];
    const wrong = [
      { digest: RIGHT, secret: secretOf(mute) },
      { digest: WRONG, secret: secretOf(first) },
    ].map((each) => ({ opened, votes: [one, two, { ...last, opening: each }] }));
    const rounds = await Promise.all(wrong.map((task) => roundOf(market, [], { kept: [task] })));
    await seal(market, rounds[0]!);

    for (const round of rounds) {
      await expect(settle(market, round)).to.be.revertedWithCustomError(market.hub, "HubKeptVotesMismatch");
    }
  });

  it("is not withheld once anybody opened it on chain, and leaves the task open until the pool brings it open", async function () {
    const { market, opened, mute, kept, keptAt } = await loadFixture(silenceFixture);
    const taskId = taskIdOf(opened.dealId, 0);
    await time.setNextBlockTimestamp(keptAt + OPEN);
    await expect(market.hub.connect(market.stranger).openVote(mute, taskId, WRONG, secretOf(mute)))
      .to.emit(market.hub, "VoteOpened")
      .withArgs(taskId, mute, WRONG, secretOf(mute));
    expect(await market.hub.isOpened(kept.votes[2]!.word)).to.equal(true);

    const tx = await settleAt(market, keptAt + OPEN + 100, [], [kept]);
    const again = await keptBy(market, tx, opened);
    expect(again.votes).to.deep.equal(kept.votes);
    expect(await bondOf(market, mute)).to.equal(BOND);

    await settleVotes(market, [], { kept: [opening(again, WRONG, mute)] });
    expect(await bondOf(market, mute)).to.equal(BOND - WORKER_STAKE);
  });

  it("is not opened on chain by another secret or answer", async function () {
    const { market, opened, first, mute, kept } = await loadFixture(silenceFixture);
    const taskId = taskIdOf(opened.dealId, 0);

    await market.hub.openVote(mute, taskId, RIGHT, secretOf(mute));
    await market.hub.openVote(mute, taskId, WRONG, secretOf(first));
    await market.hub.openVote(first, taskId, WRONG, secretOf(mute));

    expect(await market.hub.isOpened(kept.votes[2]!.word)).to.equal(false);
  });
});
