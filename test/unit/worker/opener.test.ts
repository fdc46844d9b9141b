import { expect } from "chai";

import { jointHashOf, leafOf } from "../../../protocol/ballot.ts";
import { SETTLE_WINDOW_SECONDS } from "../../../protocol/constants.ts";
import { digestOf } from "../../../protocol/digest.ts";
import { ZERO_HASH } from "../../../protocol/primitives.ts";
import type { Hash } from "../../../protocol/primitives.ts";
import { aLease, NOW, POOL, WORKER } from "./fakes.ts";
import { aVoting, ballotWanted } from "./voting.ts";

const STRANGER: Hash = `0x${"77".repeat(32)}`;

async function balloted() {
  const voting = aVoting();
  const lease = aLease();
  await voting.vote(lease);
  const ballot = await voting.ballots.ballotFor(ballotWanted(1, [lease.taskId]));
  const leaf = leafOf(WORKER, ballot.votesHash);
  const leaves = [STRANGER, leaf];
  const sealed = (claimed: Hash[] = leaves) =>
    ({ type: "sealed", pool: POOL, lane: 0, epoch: 1, leaves: claimed }) as const;
  return { voting, lease, ballot, leaves, sealed };
}

describe("opener", function () {
  it("opens when the chain holds exactly these leaves, its own among them", async function () {
    const { voting, lease, ballot, leaves, sealed } = await balloted();
    voting.chain.seal(1, jointHashOf(leaves));

    await voting.opener.sealed(sealed());

    const { taskId } = lease;
    expect(voting.sent).to.deep.equal([
      {
        type: "open",
        pool: POOL,
        lane: 0,
        epoch: 1,
        secret: ballot.secret,
        digests: [{ taskId, digest: digestOf("answer") }],
      },
    ]);
    expect(voting.journal.ballots.all()[0]!.opened).to.equal(true);
  });

  it("has it on disk before it says so", async function () {
    const { voting, leaves, sealed } = await balloted();
    voting.chain.seal(1, jointHashOf(leaves));
    const atSending: boolean[] = [];
    voting.sent.push = () => atSending.push(voting.journal.ballots.all()[0]!.opened);

    await voting.opener.sealed(sealed());

    expect(atSending).to.deep.equal([true]);
  });

  it("waits while the seal is not confirmed, and opens when it is, also after a restart", async function () {
    const { voting, leaves, sealed } = await balloted();
    voting.chain.seal(1, jointHashOf(leaves));
    voting.chain.confirmedEpochs.set(`${POOL}-0`, { epoch: 0, jointHash: ZERO_HASH, sealedAt: 0, settled: false });

    await voting.opener.sealed(sealed());
    expect(voting.sent).to.deep.equal([]);

    voting.chain.confirmedEpochs.clear();
    await voting.restart().opener.attempt();
    expect(voting.sent.map(({ type }) => type)).to.deep.equal(["open"]);
  });

  for (const [what, change] of [
    ["one leaf more", (leaves: Hash[]) => [...leaves, STRANGER]],
    ["one leaf less", ([_first, ...rest]: Hash[]) => rest],
    ["another order", (leaves: Hash[]) => leaves.toReversed()],
  ] as const) {
    it(`opens nothing when the pool names ${what} than the chain holds, until it names the right ones`, async function () {
      const { voting, leaves, sealed } = await balloted();
      voting.chain.seal(1, jointHashOf(leaves));

      await voting.opener.sealed(sealed(change(leaves)));
      expect(voting.sent).to.deep.equal([]);
      expect(voting.journal.ballots.all()[0]!.leaves).to.equal(undefined);

      await voting.opener.sealed(sealed());
      expect(voting.sent.map(({ type }) => type)).to.deep.equal(["open"]);
    });
  }

  it("opens nothing and frees the stake when the epoch was sealed without it", async function () {
    const { voting, sealed } = await balloted();
    voting.chain.seal(1, jointHashOf([STRANGER]));

    await voting.opener.sealed(sealed([STRANGER]));

    expect(voting.sent).to.deep.equal([]);
    expect(voting.journal.ballots.all()[0]!.ended).to.equal("left-out");
  });

  it("opens up to the last second of the window, and not after it", async function () {
    const { voting, leaves, sealed } = await balloted();
    voting.chain.seal(1, jointHashOf(leaves));
    voting.chain.now = NOW + SETTLE_WINDOW_SECONDS + 1;
    await voting.opener.sealed(sealed());
    expect(voting.sent).to.deep.equal([]);

    voting.chain.now = NOW + SETTLE_WINDOW_SECONDS;
    await voting.opener.attempt();
    expect(voting.sent).to.have.length(1);
  });

  it("opens nothing once the epoch is settled without it", async function () {
    const { voting, leaves, sealed } = await balloted();
    voting.chain.seal(1, jointHashOf(leaves));
    voting.chain.settle();

    await voting.opener.sealed(sealed());

    expect(voting.sent).to.deep.equal([]);
  });

  it("ignores an epoch that it signed nothing for", async function () {
    const voting = aVoting();

    await voting.opener.sealed({ type: "sealed", pool: POOL, lane: 0, epoch: 9, leaves: [STRANGER] });

    expect(voting.journal.ballots.all()).to.deep.equal([]);
  });

  it("says it again when the pool asks again or comes back, until the epoch is over", async function () {
    const { voting, leaves, sealed } = await balloted();
    voting.chain.seal(1, jointHashOf(leaves));
    await voting.opener.sealed(sealed());
    await voting.opener.attempt();
    expect(voting.sent).to.have.length(1);

    await voting.opener.sealed(sealed());
    expect(voting.sent).to.have.length(2);
    voting.opener.repeat();
    expect(voting.sent).to.have.length(3);
    for (const message of voting.sent) expect(message).to.deep.equal(voting.sent[0]);

    voting.chain.settle();
    await voting.ballots.review();
    voting.opener.repeat();
    await voting.opener.sealed(sealed());
    expect(voting.sent).to.have.length(3);
  });
});
