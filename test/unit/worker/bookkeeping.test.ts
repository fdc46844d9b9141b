import { expect } from "chai";

import { SETTLE_WINDOW_SECONDS } from "../../../protocol/constants.ts";
import { dealDeadline } from "../../../protocol/deal.ts";
import { digestOf } from "../../../protocol/digest.ts";
import type { Lease } from "../../../protocol/lease.ts";
import { createBookkeeping, RESULT_KEPT_SECONDS } from "../../../worker/voting/bookkeeping.ts";
import { createVoteBook } from "../../../worker/voting/vote-book.ts";
import { aLease, FakeChain, memoryJournal, NOW, silent } from "./fakes.ts";

const DIGEST = digestOf("answer");

async function kept() {
  const time = { now: NOW };
  const clock = { now: () => time.now };
  const chain = new FakeChain();
  const votes = createVoteBook(memoryJournal().votes, clock);
  const discarded: string[] = [];
  const discard = async (path: string): Promise<void> => void discarded.push(path);
  const books = createBookkeeping({ votes, chain, discard, clock, log: silent });
  const lease = aLease();
  await votes.record(lease, { digest: DIGEST, result: { path: "/r.tar", sha256: "00".repeat(32), bytes: 1 } });
  const standing = () => votes.get(lease.taskId)?.standing;
  return { time, chain, votes, discarded, books, lease, standing };
}

const settled = ({ taskId }: Lease, digest = DIGEST, agreed = true) =>
  ({ type: "settled", taskId, digest, agreed }) as const;
const close = (chain: FakeChain, { dealId, index }: Lease) => chain.closedTasks.add(`${dealId}-${index}`);

describe("bookkeeping", function () {
  it("believes the pool once the chain shows the task closed", async function () {
    const { books, chain, lease, standing } = await kept();
    await books.settled(settled(lease));
    expect(standing()).to.equal("computed");

    close(chain, lease);
    await books.review();

    expect(standing()).to.equal("agreed");
  });

  it("goes by the digest, not by the pool's word for it", async function () {
    const { books, chain, lease, standing } = await kept();
    close(chain, lease);

    await books.settled(settled(lease, digestOf("other"), true));

    expect(standing()).to.equal("differed");
  });

  it("finds a closed task that nobody told of, and may still hear how it ended", async function () {
    const { books, chain, lease, standing } = await kept();
    close(chain, lease);
    await books.review();
    expect(standing()).to.equal("closed");

    await books.settled(settled(lease));
    expect(standing()).to.equal("agreed");
  });

  it("gives a vote up only when its deal is past every settlement", async function () {
    const { books, chain, lease, standing } = await kept();
    chain.now = dealDeadline(lease.deal) + SETTLE_WINDOW_SECONDS;
    await books.review();
    expect(standing()).to.equal("computed");

    chain.now += 1;
    await books.review();
    expect(standing()).to.equal("closed");
  });

  it("keeps the result for a day after the end, and then lets go of it", async function () {
    const { books, chain, time, lease, votes, discarded } = await kept();
    close(chain, lease);
    await books.settled(settled(lease));
    time.now = NOW + RESULT_KEPT_SECONDS - 1;
    await books.review();
    expect(discarded).to.deep.equal([]);

    time.now += 1;
    await books.review();
    expect(discarded).to.deep.equal(["/r.tar"]);
    expect(votes.all()).to.deep.equal([]);
  });

  it("keeps everything of a task that is not over, however old", async function () {
    const { books, time, votes } = await kept();
    time.now = NOW + 100 * RESULT_KEPT_SECONDS;

    await books.review();

    expect(votes.all()).to.have.length(1);
  });

  it("ignores a task it never voted on", async function () {
    const { books, votes } = await kept();

    await books.settled(settled(aLease({ index: 2 })));

    expect(votes.all()).to.have.length(1);
  });

  it("looks at all votes in turn, however many there are", async function () {
    const { books, chain, votes } = await kept();
    const leases = Array.from({ length: 120 }, (_unused, index) => aLease({ index: index + 1 }));
    for (const lease of leases) await votes.record(lease, { digest: DIGEST });
    for (const lease of leases) close(chain, lease);

    for (let round = 0; round < 6; round++) await books.review();

    expect(votes.all().filter(({ standing }) => standing === "computed")).to.have.length(1);
  });
});
