import { anyValue } from "@nomicfoundation/hardhat-ethers-chai-matchers/withArgs";
import { expect } from "chai";

import { packDeal } from "../../protocol/deal-words.ts";
import { taskIdOf } from "../../protocol/deal.ts";
import { expectBooksToBalance } from "./support/books.ts";
import { loadFixture, time } from "./support/chain.ts";
import { bondOf, disagreementFixture, settleAt, silenceFixture } from "./support/kept.ts";
import { BOND } from "./support/market.ts";
import { RIGHT, agreeing, settleVotes } from "./support/round.ts";

/** Seconds from opening to deadline in category 0, and from there to the last settle. */
const LIFETIME = 3_000;
const WINDOW = 3_600;
/** As in {SkipReason}. */
const SKIPPED = { LATE: 3n, TASK_CLOSED: 4n } as const;

describe("Hub: kept votes past the deadline", function () {
  it("settles a task with kept votes as long as nobody can claim, and skips its others", async function () {
    const { market, opened, third, fourth, kept } = await loadFixture(disagreementFixture);
    const last = opened.deal.openedAt + LIFETIME + WINDOW;

    const casts = [...agreeing([third], opened), ...agreeing([third, fourth], opened, RIGHT, 1)];
    const tx = await settleAt(market, last, casts, [kept]);

    await expect(tx).to.emit(market.hub, "TaskSettled").withArgs(opened.dealId, 0n, RIGHT);
    await expect(tx).to.emit(market.hub, "TaskSkipped").withArgs(taskIdOf(opened.dealId, 1), SKIPPED.LATE);
    await expectBooksToBalance(market);
  });

  it("skips it one second later, slashes nobody, and minds no worker who has nothing else", async function () {
    const { market, opened, mute, kept } = await loadFixture(silenceFixture);

    const tx = await settleAt(market, opened.deal.openedAt + LIFETIME + WINDOW + 1, [], [kept]);

    await expect(tx).to.emit(market.hub, "TaskSkipped").withArgs(taskIdOf(opened.dealId, 0), SKIPPED.LATE);
    expect(await bondOf(market, mute)).to.equal(BOND);
  });

  it("rejects votes that were never kept, although they would be in time", async function () {
    const { market, opened, kept } = await loadFixture(disagreementFixture);
    const invented = { opened, index: 1, votes: kept.votes };

    await expect(
      settleAt(market, opened.deal.openedAt + LIFETIME + WINDOW, [], [kept, invented]),
    ).to.be.revertedWithCustomError(market.hub, "HubKeptVotesMismatch");
  });

  it("skips a task that was claimed meanwhile, whatever is brought for it", async function () {
    const { market, opened, third, kept } = await loadFixture(disagreementFixture);
    await time.increaseTo(opened.deal.openedAt + LIFETIME + WINDOW + 1);
    await market.hub.claim(packDeal(opened.deal));

    const tx = await settleVotes(market, agreeing([third], opened), { kept: [kept] });

    await expect(tx).to.emit(market.hub, "TaskSkipped").withArgs(taskIdOf(opened.dealId, 0), anyValue);
    await expectBooksToBalance(market);
  });
});
