import { expect } from "chai";

import { sealOf, votesHashOf } from "../../../protocol/ballot.ts";
import { BALLOT_OPEN_SECONDS, SETTLE_WINDOW_SECONDS } from "../../../protocol/constants.ts";
import { dealDeadline } from "../../../protocol/deal.ts";
import { digestOf } from "../../../protocol/digest.ts";
import type { GridmillError } from "../../../protocol/errors.ts";
import { ZERO_HASH } from "../../../protocol/primitives.ts";
import { byTask } from "../../../protocol/settlement.ts";
import { aDeal, aLease, NOW, WORKER } from "./fakes.ts";
import { aVoting, ballotWanted } from "./voting.ts";

const codeOfRejected = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "nothing was thrown",
    (error: unknown) => (error as GridmillError).code,
  );

describe("ballot desk", function () {
  it("seals the votes asked for, in task order, under a fresh secret", async function () {
    const voting = aVoting();
    const other = aDeal({ paramsHash: `0x${"11".repeat(32)}` });
    const leases = [aLease({ index: 2 }), aLease({ index: 0 }), aLease({ deal: other, index: 1 })];
    for (const lease of leases) await voting.vote(lease);

    const ballot = await voting.ballots.ballotFor(
      ballotWanted(
        1,
        leases.map(({ taskId }) => taskId),
      ),
    );

    expect(ballot.votes.map(({ taskId }) => taskId)).to.deep.equal(
      [...leases].sort(byTask).map(({ taskId }) => taskId),
    );
    const [first] = ballot.votes;
    expect(first!.seal).to.equal(sealOf(WORKER, first!.taskId, digestOf("answer"), ballot.secret));
    expect(ballot.votesHash).to.equal(votesHashOf(ballot.votes));
    const { pool, lane, epoch, sealBy, votesHash } = ballot;
    expect(voting.signed).to.deep.equal([{ pool, lane, epoch, sealBy, votesHash }]);
  });

  it("leaves out tasks it has no vote for, of other lanes, and named twice", async function () {
    const voting = aVoting();
    const lease = aLease();
    const elsewhere = aLease({ deal: aDeal({ lane: 1 }) });
    for (const each of [lease, elsewhere]) await voting.vote(each);

    const tasks = [lease.taskId, elsewhere.taskId, lease.taskId, ZERO_HASH];
    const ballot = await voting.ballots.ballotFor(ballotWanted(1, tasks));

    expect(ballot.votes.map(({ taskId }) => taskId)).to.deep.equal([lease.taskId]);
  });

  it("refuses when nothing is left to vote on", async function () {
    const voting = aVoting();
    const lease = aLease();
    await voting.vote(lease);
    await voting.votes.finish(lease.taskId, "agreed");
    voting.chain.closedTasks.add(`${lease.dealId}-${lease.index}`);

    expect(await codeOfRejected(voting.ballots.ballotFor(ballotWanted(1, [lease.taskId])))).to.equal(
      "GM_NOTHING_TO_VOTE",
    );
    expect(voting.signed).to.deep.equal([]);
  });

  describe("sealBy", function () {
    const deadline = dealDeadline(aDeal());

    it("is ten minutes from now when every deadline is later", async function () {
      const voting = aVoting();
      const lease = aLease();
      await voting.vote(lease);
      voting.chain.now = deadline - BALLOT_OPEN_SECONDS - 1;

      const ballot = await voting.ballots.ballotFor(ballotWanted(1, [lease.taskId]));

      expect(ballot.sealBy).to.equal(deadline - 1);
    });

    it("is the earliest deadline of its deals when that comes first", async function () {
      const voting = aVoting();
      const later = aDeal({ openedAt: NOW + 100 });
      const leases = [aLease(), aLease({ deal: later })];
      for (const lease of leases) await voting.vote(lease);
      voting.chain.now = deadline - BALLOT_OPEN_SECONDS + 1;

      const ballot = await voting.ballots.ballotFor(
        ballotWanted(
          1,
          leases.map(({ taskId }) => taskId),
        ),
      );

      expect(ballot.sealBy).to.equal(deadline);
    });

    it("still comes in the second of the deadline, and then no more", async function () {
      const voting = aVoting();
      const lease = aLease();
      await voting.vote(lease);
      voting.chain.now = deadline;
      expect((await voting.ballots.ballotFor(ballotWanted(1, [lease.taskId]))).sealBy).to.equal(deadline);

      voting.chain.now = deadline + 1;
      expect(await codeOfRejected(voting.ballots.ballotFor(ballotWanted(2, [lease.taskId])))).to.equal(
        "GM_NOTHING_TO_VOTE",
      );
    });
  });

  describe("asked again for an epoch", function () {
    const asked = async () => {
      const voting = aVoting();
      const leases = [aLease(), aLease({ index: 1 })];
      for (const lease of leases) await voting.vote(lease);
      const tasks = leases.map(({ taskId }) => taskId);
      const first = await voting.ballots.ballotFor(ballotWanted(1, [tasks[0]!]));
      return { voting, tasks, first };
    };

    it("gives the same ballot up to sealBy, whatever is asked for, also after a restart", async function () {
      const { voting, tasks, first } = await asked();
      voting.chain.now = first.sealBy;

      expect(await voting.restart().ballots.ballotFor(ballotWanted(1, tasks))).to.deep.equal(first);
      expect(voting.signed).to.have.length(1);
    });

    it("signs another one second later, with another secret", async function () {
      const { voting, tasks, first } = await asked();
      voting.chain.now = first.sealBy + 1;

      const second = await voting.ballots.ballotFor(ballotWanted(1, tasks));

      expect(second.votes).to.have.length(2);
      expect(second.secret).not.to.equal(first.secret);
    });

    it("refuses while the head is past sealBy but the confirmed block is not", async function () {
      const { voting, tasks, first } = await asked();
      voting.chain.now = first.sealBy + 3;
      voting.chain.lag = 3;

      expect(await codeOfRejected(voting.ballots.ballotFor(ballotWanted(1, tasks)))).to.equal("GM_BALLOT_STANDING");

      voting.chain.lag = 2;
      expect((await voting.ballots.ballotFor(ballotWanted(1, tasks))).votes).to.have.length(2);
    });

    it("refuses once it is sealed", async function () {
      const { voting, tasks } = await asked();
      voting.chain.seal(1, ZERO_HASH);

      expect(await codeOfRejected(voting.ballots.ballotFor(ballotWanted(1, tasks)))).to.equal("GM_EPOCH_SEALED");
    });
  });

  describe("cover", function () {
    const askTwo = async (bonded: bigint, maxExposure?: bigint) => {
      const voting = aVoting(maxExposure === undefined ? {} : { maxExposure });
      voting.chain.bond = { bonded, unbonding: 0n, readyAt: 0, score: 0 };
      const leases = [aLease(), aLease({ index: 1 })];
      for (const lease of leases) await voting.vote(lease);
      return { voting, tasks: leases.map(({ taskId }) => taskId) };
    };
    const sizeOf = async ({ voting, tasks }: Awaited<ReturnType<typeof askTwo>>): Promise<number> =>
      (await voting.ballots.ballotFor(ballotWanted(1, tasks))).votes.length;

    it("takes votes for exactly what is bonded", async function () {
      expect(await sizeOf(await askTwo(20n))).to.equal(2);
    });

    it("leaves out the vote that is one wei too much", async function () {
      expect(await sizeOf(await askTwo(19n))).to.equal(1);
    });

    it("keeps to the owner's limit where that is lower", async function () {
      expect(await sizeOf(await askTwo(1_000n, 20n))).to.equal(2);
      expect(await sizeOf(await askTwo(1_000n, 19n))).to.equal(1);
    });

    it("counts what is at risk in a live ballot of another lane", async function () {
      const { voting, tasks } = await askTwo(20n);
      const elsewhere = aLease({ deal: aDeal({ lane: 1 }) });
      await voting.vote(elsewhere);
      await voting.ballots.ballotFor(ballotWanted(1, [elsewhere.taskId], 1));

      expect((await voting.ballots.ballotFor(ballotWanted(1, tasks))).votes).to.have.length(1);
    });

    it("frees it when that ballot can no longer be sealed", async function () {
      const { voting, tasks } = await askTwo(20n);
      const [first, second] = tasks as [`0x${string}`, `0x${string}`];
      const { sealBy } = await voting.ballots.ballotFor(ballotWanted(1, tasks));
      voting.chain.now = sealBy;
      expect(await codeOfRejected(voting.ballots.ballotFor(ballotWanted(2, [first])))).to.equal("GM_NOTHING_TO_VOTE");

      voting.chain.now = sealBy + 1;
      expect((await voting.ballots.ballotFor(ballotWanted(2, [first, second]))).votes).to.have.length(2);
    });

    it("frees it when the epoch is settled, or its window is over", async function () {
      const { voting, tasks } = await askTwo(20n);
      await voting.ballots.ballotFor(ballotWanted(1, tasks));
      voting.chain.seal(1, ZERO_HASH);
      const sealedAt = voting.chain.now;
      expect(await codeOfRejected(voting.ballots.ballotFor(ballotWanted(2, tasks)))).to.equal("GM_NOTHING_TO_VOTE");

      voting.chain.settle();
      expect((await voting.ballots.ballotFor(ballotWanted(2, tasks))).votes).to.have.length(2);
      expect(sealedAt + SETTLE_WINDOW_SECONDS).to.be.greaterThan(voting.chain.now);
    });
  });

  it("signs nothing while the chain does not answer", async function () {
    const voting = aVoting();
    const lease = aLease();
    await voting.vote(lease);
    voting.chain.fail = new Error("down");

    const asked = await voting.ballots.ballotFor(ballotWanted(1, [lease.taskId])).catch((error: unknown) => error);

    expect(asked).to.equal(voting.chain.fail);
    expect(voting.signed).to.deep.equal([]);
  });

  it("counts the cover once for ballots that are asked for at the same time", async function () {
    const voting = aVoting();
    voting.chain.bond = { bonded: 10n, unbonding: 0n, readyAt: 0, score: 0 };
    const leases = [aLease(), aLease({ deal: aDeal({ lane: 1 }) })];
    for (const lease of leases) await voting.vote(lease);

    const asked = leases.map(({ taskId, deal }) => voting.ballots.ballotFor(ballotWanted(1, [taskId], deal.lane)));

    expect((await Promise.allSettled(asked)).map(({ status }) => status)).to.deep.equal(["fulfilled", "rejected"]);
  });

  it("forgets an ended ballot when its tasks have ended too, and it can be sealed on no branch of the chain any more", async function () {
    const voting = aVoting();
    const lease = aLease();
    await voting.vote(lease);
    const { sealBy } = await voting.ballots.ballotFor(ballotWanted(1, [lease.taskId]));
    voting.chain.seal(1, ZERO_HASH);
    voting.chain.settle();

    await voting.ballots.review();
    expect(voting.journal.ballots.all().map(({ ended }) => ended)).to.deep.equal(["settled"]);

    await voting.votes.finish(lease.taskId, "agreed");
    voting.chain.now = sealBy;
    await voting.ballots.review();
    expect(voting.journal.ballots.all()).to.have.lengthOf(1);
    voting.chain.now = sealBy + 1;
    await voting.ballots.review();
    expect(voting.journal.ballots.all()).to.deep.equal([]);
  });
});
