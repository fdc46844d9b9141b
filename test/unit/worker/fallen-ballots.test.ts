import { expect } from "chai";

import { ZERO_HASH } from "../../../protocol/primitives.ts";
import { aLease } from "./fakes.ts";
import { aVoting, ballotWanted } from "./voting.ts";

describe("a ballot of an epoch that was settled, and that a reorganisation took back", function () {
  /** The chain knows nothing of the epoch; its task is open again, unless it is `closed`. */
  async function fallenBack({ isClosed = false } = {}) {
    const voting = aVoting();
    voting.chain.bond = { bonded: 10n, unbonding: 0n, readyAt: 0, score: 0 };
    const lease = aLease();
    await voting.vote(lease);
    const ballot = await voting.ballots.ballotFor(ballotWanted(1, [lease.taskId]));
    voting.chain.seal(1, ZERO_HASH);
    voting.chain.settle();
    await voting.ballots.review();
    await voting.votes.finish(lease.taskId, "agreed");
    voting.chain.epochs.clear();
    if (isClosed) voting.chain.closedTasks.add(`${lease.dealId}-${lease.index}`);
    return { voting, lease, ballot };
  }
  const standingOf = ({ voting, lease }: Awaited<ReturnType<typeof fallenBack>>) =>
    voting.votes.get(lease.taskId)!.standing;

  it("is given again, the very same, with its votes as they stood", async function () {
    const fallen = await fallenBack();
    const { voting, lease, ballot } = fallen;

    const again = await voting.ballots.ballotFor(ballotWanted(1, [lease.taskId]));

    expect([again.signature, again.ended]).to.deep.equal([ballot.signature, undefined]);
    expect(voting.signed).to.have.lengthOf(1);
    expect(standingOf(fallen)).to.equal("computed");
  });

  it("counts with its stake again, although nobody asks for it", async function () {
    const { voting } = await fallenBack();
    await voting.ballots.review();
    const other = aLease({ index: 1 });
    await voting.vote(other);

    const asked = await voting.ballots.ballotFor(ballotWanted(2, [other.taskId])).catch((error: unknown) => error);
    expect(asked).to.include({ code: "GM_NOTHING_TO_VOTE" });
  });

  it("leaves votes as they are whose tasks are over on this branch, too", async function () {
    const fallen = await fallenBack({ isClosed: true });
    await fallen.voting.ballots.review();

    expect(standingOf(fallen)).to.equal("agreed");
  });

  it("brings back no vote that was given up", async function () {
    const fallen = await fallenBack();
    await fallen.voting.votes.giveUp(fallen.lease.taskId);
    await fallen.voting.ballots.review();

    expect(standingOf(fallen)).to.equal("closed");
  });

  it("is followed by another once nobody can seal it", async function () {
    const { voting, lease, ballot } = await fallenBack();
    voting.chain.now = ballot.sealBy + 1;

    const next = await voting.ballots.ballotFor(ballotWanted(1, [lease.taskId]));

    expect(next.secret).to.not.equal(ballot.secret);
    expect(next.votes).to.have.lengthOf(1);
  });
});
