import { expect } from "chai";

import { tagOf } from "../../../protocol/ballot.ts";
import { dealDeadline } from "../../../protocol/deal.ts";
import { digestOf } from "../../../protocol/digest.ts";
import { VoteStandsError } from "../../../worker/errors.ts";
import { computedMessages, createVoteBook } from "../../../worker/voting/vote-book.ts";
import { aLease, memoryJournal, NOW, POOL } from "./fakes.ts";

const FIRST = { digest: digestOf("first") };
const SECOND = { digest: digestOf("second") };
const aBook = () => createVoteBook(memoryJournal().votes, { now: () => NOW });

describe("vote book", function () {
  it("remembers what a ballot needs of the lease", async function () {
    const lease = aLease({ index: 3 });

    const vote = await aBook().record(lease, FIRST);

    expect(vote).to.deep.include({
      taskId: lease.taskId,
      index: 3,
      pool: POOL,
      lane: 0,
      stake: 10n,
      deadline: dealDeadline(lease.deal),
      digest: FIRST.digest,
      standing: "computed",
      leaseIds: [lease.leaseId],
    });
  });

  it("keeps the first answer to a task when another comes, and says so", async function () {
    const book = aBook();
    const lease = aLease();
    await book.record(lease, FIRST);

    const again = await book.record({ ...lease, leaseId: aLease().leaseId }, SECOND).catch((error: unknown) => error);

    expect(again).to.be.instanceOf(VoteStandsError);
    expect(book.get(lease.taskId)!.digest).to.equal(FIRST.digest);
    expect(book.get(lease.taskId)!.leaseIds).to.have.length(2);
  });

  it("takes the same answer again", async function () {
    const book = aBook();
    const lease = aLease();
    const first = await book.record(lease, FIRST);

    expect(await book.record(lease, FIRST)).to.deep.equal(first);
  });

  it("answers every lease of a task with one tag, and those that were dropped no more", async function () {
    const book = aBook();
    const lease = aLease();
    const later = aLease().leaseId;
    await book.record(lease, FIRST);
    await book.attach(lease.taskId, later);
    const { taskId } = lease;
    const tag = tagOf(taskId, FIRST.digest);

    expect(computedMessages(book.get(taskId)!)).to.deep.equal([
      { type: "computed", leaseId: lease.leaseId, taskId, tag },
      { type: "computed", leaseId: later, taskId, tag },
    ]);

    await book.detach(taskId, lease.leaseId);
    expect(computedMessages(book.get(taskId)!).map(({ leaseId }) => leaseId)).to.deep.equal([later]);
  });

  it("learns of a closed task later whether it agreed, and then nothing more", async function () {
    const book = aBook();
    const { taskId } = await book.record(aLease(), FIRST);

    for (const standing of ["closed", "agreed", "differed", "closed"] as const) await book.finish(taskId, standing);

    expect(book.get(taskId)!.standing).to.equal("agreed");
    expect(book.get(taskId)!.finishedAt).to.equal(NOW);
  });
});
