import { expect } from "chai";

import { NoGasMoneyError } from "../../../chain/errors.ts";
import { jointHashOf } from "../../../protocol/ballot.ts";
import { digestOf } from "../../../protocol/digest.ts";
import { KEPT_OPEN_SECONDS } from "../../../protocol/kept-votes.ts";
import type { Address } from "../../../protocol/primitives.ts";
import type { VoteKey } from "../../../worker/chain/vote-sender.ts";
import { NothingToVoteError } from "../../../worker/errors.ts";
import { leafOfBallot } from "../../../worker/voting/ballot-desk.ts";
import { stakeAtRisk } from "../../../worker/voting/stake.ts";
import { aLease, FakeChain, NOW, WORKER } from "./fakes.ts";
import { aVoting, ballotWanted } from "./voting.ts";

const OTHER: Address = `0x${"b2".repeat(20)}`;
const lease = aLease();
const { taskId, dealId, index } = lease;
const place = `${dealId}-${index}`;

/** A worker whose ballot was sealed and settled; its vote's seal. */
async function settled(openOnChain: (vote: VoteKey) => Promise<void> = async () => {}) {
  const chain = new FakeChain();
  const voting = aVoting({ chain, openOnChain });
  await voting.vote(lease);
  const ballot = await voting.ballots.ballotFor(ballotWanted(1, [taskId]));
  chain.seal(1, jointHashOf([leafOfBallot(WORKER, ballot)]));
  chain.settle();
  const { seal } = ballot.votes[0]!;
  /** The chain keeps its vote, sealed, and that of another worker. */
  const keep = (at = NOW) =>
    void chain.kept.set(place, {
      at,
      votes: [
        { worker: WORKER, isSealed: true, word: seal },
        { worker: OTHER, isSealed: false, word: digestOf("other") },
      ],
    });
  return { ...voting, chain, seal, secret: ballot.secret, keep };
}

describe("a worker's kept votes", function () {
  it("are found on chain before their ballot counts as ended, and stay at risk until their task is over", async function () {
    const { keep, ballots, votes, journal, seal, chain } = await settled();
    const atRisk = () => stakeAtRisk(journal.ballots.all(), votes.all());
    keep();

    await ballots.review();

    expect(journal.ballots.all()[0]).to.include({ ended: "settled" });
    expect(votes.get(taskId)?.kept).to.deep.equal({ at: NOW, seal });
    expect(atRisk()).to.equal(10n);
    await votes.finish(taskId, "closed");
    expect(atRisk()).to.equal(0n);
    expect(chain.kept.size).to.equal(1);
  });

  it("keep their ballot counted while the chain cannot be asked about them", async function () {
    const { keep, ballots, votes, journal, chain } = await settled();
    keep();
    const { keptVotes } = chain;
    chain.keptVotes = () => Promise.reject(new Error("no logs here"));

    await ballots.review();
    expect(journal.ballots.all()[0]?.ended).to.equal(undefined);

    chain.keptVotes = keptVotes.bind(chain);
    await ballots.review();
    expect([journal.ballots.all()[0]?.ended, votes.get(taskId)?.kept?.at]).to.deep.equal(["settled", NOW]);
  });

  it("are in no ballot again, and free for one when the chain keeps them no more", async function () {
    const { keep, ballots, kept, votes, chain } = await settled();
    keep();
    await ballots.review();

    const refused = await ballots.ballotFor(ballotWanted(2, [taskId])).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(NothingToVoteError);
    chain.kept.set(place, { at: NOW + 700, votes: [{ worker: OTHER, isSealed: false, word: digestOf("other") }] });
    await kept.review();

    expect(votes.get(taskId)?.kept).to.equal(undefined);
    expect((await ballots.ballotFor(ballotWanted(2, [taskId]))).votes).to.have.lengthOf(1);
  });

  it("that are sealed are opened to the pool at once, and to one that has come back", async function () {
    const { keep, ballots, kept, journal, sent, secret } = await settled();
    const opening = { type: "open", pool: 7n, lane: 0, epoch: 1, secret, digests: [{ taskId, digest: digestOf("answer") }] }; // prettier-ignore
    keep();
    await ballots.review();

    await kept.review();
    kept.repeat();

    expect(sent).to.deep.equal([opening, opening]);
    expect(journal.ballots.all()[0]?.opened).to.equal(true);
  });

  it("that the pool leaves sealed are opened on chain once half of the time has passed, and not a second earlier", async function () {
    const opened: VoteKey[] = [];
    const { keep, ballots, kept, chain, seal, secret } = await settled(async (vote) => void opened.push(vote));
    keep();
    await ballots.review();

    chain.now = NOW + KEPT_OPEN_SECONDS / 2;
    await kept.review();
    expect(opened).to.deep.equal([]);
    chain.now += 1;
    await kept.review();

    expect(opened).to.deep.equal([{ worker: WORKER, taskId, seal, digest: digestOf("answer"), secret }]);
  });

  it("are left alone when somebody has opened them on chain, or the pool has", async function () {
    const opened: VoteKey[] = [];
    const { keep, ballots, kept, chain, seal, sent } = await settled(async (vote) => void opened.push(vote));
    keep();
    await ballots.review();
    chain.now = NOW + KEPT_OPEN_SECONDS;
    chain.opened.add(seal);
    await kept.review();
    sent.splice(0);
    chain.opened.delete(seal);
    chain.kept.set(place, { at: NOW + 400, votes: [{ worker: WORKER, isSealed: false, word: digestOf("answer") }] });

    await kept.review();

    expect([opened, sent]).to.deep.equal([[], []]);
  });

  it("are opened on chain even when the chain cannot tell their list any more", async function () {
    const opened: VoteKey[] = [];
    const { keep, ballots, kept, chain } = await settled(async (vote) => void opened.push(vote));
    keep();
    await ballots.review();
    chain.now = NOW + KEPT_OPEN_SECONDS / 2 + 1;
    keep(NOW + 1);
    chain.keptVotes = () => Promise.reject(new Error("no logs here"));

    await kept.review();

    expect(opened).to.have.lengthOf(1);
  });

  it("warn their owner when there is no money for gas, until they are opened or gone", async function () {
    const { keep, ballots, kept, chain, votes } = await settled(() => Promise.reject(new NoGasMoneyError("none")));
    keep();
    await ballots.review();
    chain.now = NOW + KEPT_OPEN_SECONDS / 2 + 1;

    await kept.review();
    await new Promise(setImmediate);

    expect(kept.warnings()).to.have.lengthOf(1);
    expect(kept.warnings()[0]).to.match(/^GM_NO_GAS_MONEY: the sealed vote/);
    await votes.finish(taskId, "closed");
    await kept.review();
    expect(kept.warnings()).to.deep.equal([]);
  });

  it("keep the secret that opens them, however long it takes", async function () {
    const { keep, ballots, journal } = await settled();
    keep();

    for (let round = 0; round < 3; round++) await ballots.review();

    expect(journal.ballots.all()).to.have.lengthOf(1);
  });
});
