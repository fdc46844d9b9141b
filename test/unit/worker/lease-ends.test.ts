import { expect } from "chai";

import { waitFor } from "../../support/wait-for.ts";
import { aLease, POOL, resultOf } from "./fakes.ts";
import { aLeasing, running } from "./leasing.ts";

describe("lease desk, when a lease is dropped or the worker stops", function () {
  describe("drop", function () {
    const dropOf = ({ leaseId, taskId }: ReturnType<typeof aLease>) =>
      ({ type: "drop", leaseId, taskId, reason: "enough votes" }) as const;

    it("aborts the run and forgets the lease without a word", async function () {
      const leasing = aLeasing();
      const { lease, done } = await running(leasing);

      await leasing.desk.drop(dropOf(lease));
      await done;

      expect(leasing.executor.aborted).to.equal(1);
      expect(leasing.said()).to.deep.equal(["accept"]);
      expect(leasing.journal.leases.all()).to.deep.equal([]);
      expect(leasing.ledger.free().slots).to.equal(2);
    });

    it("keeps the vote of a lease that is done, but no longer for that lease", async function () {
      const leasing = aLeasing();
      leasing.executor.automatic = () => resultOf("a");
      const lease = aLease();
      await leasing.desk.offer(lease, POOL);

      await leasing.desk.drop(dropOf(lease));

      expect(leasing.votes.get(lease.taskId)).to.deep.include({ leaseIds: [], standing: "computed" });
    });

    it("takes a lease that it does not know calmly", async function () {
      await aLeasing().desk.drop(dropOf(aLease()));
    });
  });

  it("stops runs that are of no use any more, and only those", async function () {
    const leasing = aLeasing();
    const late = await running(leasing, aLease({ index: 0 }));
    const good = await running(leasing, aLease({ index: 1 }));

    await leasing.desk.dropOverdue(async ({ index }) => index === 0);
    await late.done;

    expect(leasing.desk.running().map(({ leaseId }) => leaseId)).to.deep.equal([good.lease.leaseId]);
    good.resolve(resultOf("a"));
    await good.done;
  });

  describe("drain", function () {
    it("takes no new lease and lets the running one finish", async function () {
      const leasing = aLeasing();
      const { done, resolve } = await running(leasing);

      const drained = leasing.desk.drain(new AbortController().signal);
      await leasing.desk.offer(aLease({ index: 1 }), POOL);
      resolve(resultOf("a"));
      await Promise.all([drained, done]);

      expect(leasing.said()).to.deep.equal(["accept", "refuse GM_DRAINING", "computed"]);
    });

    it("aborts what is still running when hurried, and keeps its lease for the next start", async function () {
      const leasing = aLeasing();
      const { lease } = await running(leasing);

      await leasing.desk.drain(AbortSignal.abort());

      expect(leasing.said()).to.deep.equal(["accept"]);
      expect(leasing.journal.leases.all().map((record) => record.lease)).to.deep.equal([lease]);
    });
  });

  describe("recover", function () {
    const interrupted = async () => {
      const leasing = aLeasing();
      const { lease } = await running(leasing);
      return { lease, next: leasing.restart() };
    };

    it("runs an interrupted lease again and answers it", async function () {
      const { lease, next } = await interrupted();
      next.executor.automatic = () => resultOf("a");

      await next.desk.recover(POOL);

      expect(next.said()).to.deep.equal(["computed"]);
      expect(next.votes.get(lease.taskId)!.digest).to.equal(resultOf("a").digest);
      expect(next.journal.leases.all()).to.deep.equal([]);
    });

    it("starts it once, however often the connection comes back", async function () {
      const { lease, next } = await interrupted();
      const first = next.desk.recover(POOL);
      await next.desk.recover(POOL);
      await waitFor("the run", () => next.executor.endings.has(lease.leaseId));
      next.executor.endings.get(lease.leaseId)!.resolve(resultOf("a"));
      await first;

      expect(next.executor.specs).to.have.length(1);
    });

    it("lets the pool drop it meanwhile", async function () {
      const { lease, next } = await interrupted();
      const recovered = next.desk.recover(POOL);
      await next.desk.drop({ type: "drop", leaseId: lease.leaseId, taskId: lease.taskId, reason: "not yours" });
      await recovered;

      expect(next.said()).to.deep.equal([]);
      expect(next.journal.leases.all()).to.deep.equal([]);
    });

    it("answers a lease whose vote was journalled just before the end", async function () {
      const { lease, next } = await interrupted();
      await next.votes.record(lease, { digest: resultOf("a").digest });

      await next.desk.recover(POOL);

      expect(next.said()).to.deep.equal(["computed"]);
      expect(next.executor.specs).to.deep.equal([]);
      expect(next.journal.leases.all()).to.deep.equal([]);
    });

    it("refuses it when the deal was closed meanwhile, or the pool is another", async function () {
      const closed = await interrupted();
      closed.next.chain.closedDeals.add(closed.lease.dealId);
      await closed.next.desk.recover(POOL);
      expect(closed.next.said()).to.deep.equal(["refuse GM_DEAL_NOT_OPEN"]);

      const moved = await interrupted();
      await moved.next.desk.recover(POOL + 1n);
      expect(moved.next.said()).to.deep.equal(["refuse GM_OTHER_POOL"]);
    });
  });
});
