import { expect } from "chai";

import { tagOf } from "../../../protocol/ballot.ts";
import { failDigest } from "../../../protocol/digest.ts";
import { WorkerMessageSchema } from "../../../protocol/messages.ts";
import { toJson } from "../../../protocol/json.ts";
import { ImageNotFoundError } from "../../../worker/executor/errors.ts";
import { waitFor } from "../../support/wait-for.ts";
import { aDeal, aLease, NO_USAGE, POOL, resultOf } from "./fakes.ts";
import { aLeasing } from "./leasing.ts";
import type { Leasing } from "./leasing.ts";

/** Offers a lease and waits until the executor has it. */
async function running(leasing: Leasing, lease = aLease()) {
  const done = leasing.desk.offer(lease, POOL);
  await waitFor("the run", () => leasing.executor.endings.has(lease.leaseId));
  const { resolve, reject } = leasing.executor.endings.get(lease.leaseId)!;
  return { lease, done, resolve, reject };
}

describe("lease desk", function () {
  describe("given a lease that is all right", function () {
    it("accepts, runs, journals and answers with the tag", async function () {
      const leasing = aLeasing();
      const { lease, done, resolve } = await running(leasing);
      expect(leasing.journal.leases.get(lease.leaseId)?.lease).to.equal(lease);
      expect(leasing.said()).to.deep.equal(["accept"]);

      resolve(resultOf("a"));
      await done;

      const { digest } = resultOf("a");
      expect(leasing.said()).to.deep.equal(["accept", "computed"]);
      expect(leasing.sent.at(-1)).to.deep.include({ tag: tagOf(lease.taskId, digest), leaseId: lease.leaseId });
      expect(leasing.votes.get(lease.taskId)).to.deep.include({ digest, result: keptResult(lease.leaseId) });
      expect(leasing.journal.leases.all()).to.deep.equal([]);
      expect(leasing.ledger.free().slots).to.equal(2);
    });

    it("gives the app its environment, with our own names above its own", async function () {
      const leasing = aLeasing();
      leasing.executor.automatic = () => resultOf("a");
      await leasing.desk.offer(aLease({ index: 2, env: { TZ: "CET", MINE: "1", GRIDMILL_TASK_INDEX: "99" } }), POOL);

      expect(leasing.executor.specs[0]!.env).to.deep.equal({
        HOME: "/tmp",
        LANG: "C.UTF-8",
        TZ: "CET",
        MINE: "1",
        GRIDMILL_TASK_INDEX: "2",
        GRIDMILL_TASK_COUNT: "4",
        GRIDMILL_INPUT: "/input",
        GRIDMILL_OUTPUT: "/output",
      });
    });

    it("votes a failure that lies in the input, without a result to keep", async function () {
      const leasing = aLeasing();
      const lease = aLease();
      leasing.executor.automatic = () => ({
        kind: "failed",
        reason: "time",
        digest: failDigest("time"),
        usage: NO_USAGE,
      });

      await leasing.desk.offer(lease, POOL);

      expect(leasing.votes.get(lease.taskId)).to.deep.include({ digest: failDigest("time"), failed: "time" });
      expect(leasing.votes.get(lease.taskId)!.result).to.equal(undefined);
      expect(leasing.said()).to.deep.equal(["accept", "computed"]);
    });

    it("refuses after a failure of this machine, and votes nothing", async function () {
      const leasing = aLeasing();
      const { lease, done, reject } = await running(leasing);

      reject(new ImageNotFoundError("gone"));
      await done;

      expect(leasing.said()).to.deep.equal(["accept", "refuse GM_IMAGE_NOT_FOUND"]);
      expect(leasing.votes.all()).to.deep.equal([]);
      expect(leasing.journal.leases.get(lease.leaseId)).to.equal(undefined);
    });

    it("says nothing of this machine when something unforeseen happens", async function () {
      const leasing = aLeasing();
      leasing.inputs.hold = () => Promise.reject(new Error("EACCES /home/owner/secret"));

      await leasing.desk.offer(aLease(), POOL);

      expect(leasing.said()).to.deep.equal(["accept", "refuse GM_UNEXPECTED"]);
      expect(toJson(leasing.sent)).not.to.include("secret");
    });

    it("says only what fits the protocol", async function () {
      const leasing = aLeasing();
      const { done, resolve } = await running(leasing);
      resolve(resultOf("a"));
      await done;

      for (const message of leasing.sent)
        expect(WorkerMessageSchema.parse(JSON.parse(toJson(message)))).to.be.an("object");
    });
  });

  describe("given a reason to refuse", function () {
    const refusals: readonly (readonly [string, (leasing: Leasing) => void, ReturnType<typeof aLease>, string])[] = [
      ["a lease that contradicts itself", () => {}, aLease({ index: 9 }), "GM_BAD_LEASE"],
      ["another pool", () => {}, aLease({ deal: aDeal({ pool: 9n }) }), "GM_OTHER_POOL"],
      ["too high a stake", () => {}, aLease({ deal: aDeal({ workerStake: 101n }) }), "GM_STAKE_LIMIT"],
      ["another image", ({ chain }) => void (chain.imageDigest = undefined), aLease(), "GM_BAD_LEASE"],
      [
        "too small a bond",
        ({ chain }) => void (chain.bond = { ...chain.bond, bonded: 9n }),
        aLease(),
        "GM_STAKE_UNCOVERED",
      ],
      ["a chain that is down", ({ chain }) => void (chain.fail = new Error("x")), aLease(), "GM_UNEXPECTED"],
    ];
    for (const [what, arrange, lease, code] of refusals) {
      it(`refuses ${what} before any work, and keeps no slot`, async function () {
        const leasing = aLeasing();
        arrange(leasing);

        await leasing.desk.offer(lease, POOL);

        expect(leasing.said()).to.deep.equal([`refuse ${code}`]);
        expect(leasing.executor.specs).to.deep.equal([]);
        expect(leasing.journal.leases.all()).to.deep.equal([]);
        expect(leasing.ledger.free().slots).to.equal(2);
      });
    }

    it("takes as many leases as it has slots, also when they arrive together", async function () {
      const leasing = aLeasing({ slots: 2 });
      leasing.executor.automatic = () => resultOf("a");

      await Promise.all([0, 1, 2].map((index) => leasing.desk.offer(aLease({ index }), POOL)));

      expect(leasing.said().filter((said) => said === "accept")).to.have.length(2);
      expect(leasing.said()).to.include("refuse GM_NO_CAPACITY");
    });

    it("refuses a second lease of a task that it is running", async function () {
      const leasing = aLeasing();
      const { lease, done, resolve } = await running(leasing);

      await leasing.desk.offer({ ...lease, leaseId: aLease().leaseId }, POOL);

      expect(leasing.said()).to.deep.equal(["accept", "refuse GM_TASK_RUNNING"]);
      resolve(resultOf("a"));
      await done;
    });
  });

  it("says accept again when the same lease comes twice, and runs it once", async function () {
    const leasing = aLeasing();
    const { lease, done, resolve } = await running(leasing);

    await leasing.desk.offer(lease, POOL);
    resolve(resultOf("a"));
    await done;

    expect(leasing.said()).to.deep.equal(["accept", "accept", "computed"]);
    expect(leasing.executor.specs).to.have.length(1);
  });

  it("answers a later lease of a task with the first vote's tag, and runs nothing", async function () {
    const leasing = aLeasing();
    leasing.executor.automatic = () => resultOf("a");
    const first = aLease();
    await leasing.desk.offer(first, POOL);
    leasing.executor.automatic = () => resultOf("b");

    const later = { ...first, leaseId: aLease().leaseId };
    await leasing.restart().desk.offer(later, POOL);
    await leasing.desk.offer(later, POOL);

    expect(leasing.executor.specs).to.have.length(1);
    expect(leasing.sent.at(-1)).to.deep.equal({
      type: "computed",
      leaseId: later.leaseId,
      taskId: first.taskId,
      tag: tagOf(first.taskId, resultOf("a").digest),
    });
  });

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

  it("keeps the first answer when a task is run twice with different results", async function () {
    const leasing = aLeasing();
    const { lease, done, resolve } = await running(leasing);
    await leasing.votes.record({ ...lease, leaseId: aLease().leaseId }, { digest: resultOf("first").digest });

    resolve(resultOf("second"));
    await done;

    expect(leasing.sent.at(-1)).to.deep.include({ tag: tagOf(lease.taskId, resultOf("first").digest) });
    expect(leasing.discarded).to.deep.equal([`/results/${lease.leaseId}.tar`]);
  });
});

function keptResult(leaseId: string) {
  return { path: `/results/${leaseId}.tar`, sha256: "ab".repeat(32), bytes: 10 };
}
