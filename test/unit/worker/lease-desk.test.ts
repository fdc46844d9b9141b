import { expect } from "chai";

import { tagOf } from "../../../protocol/ballot.ts";
import { failDigest } from "../../../protocol/digest.ts";
import { WorkerMessageSchema } from "../../../protocol/messages.ts";
import { toJson } from "../../../protocol/json.ts";
import { InputCorruptError } from "../../../worker/errors.ts";
import { ImageNotFoundError } from "../../../worker/executor/errors.ts";
import type { RunSpec } from "../../../worker/executor/executor.ts";
import { aDeal, aLease, NO_USAGE, POOL, resultOf } from "./fakes.ts";
import { aLeasing, running } from "./leasing.ts";
import type { Leasing } from "./leasing.ts";

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

    it("gives the app its dataset beside its inputs, and votes nothing where it cannot be had", async function () {
      const leasing = aLeasing();
      const [input, dataset] = [
        { name: "a", sha256: "ab".repeat(32), bytes: 1 },
        { sha256: "cd".repeat(32), bytes: 2 },
      ];
      leasing.chain.datasetDigest = `0x${dataset.sha256}`;
      leasing.executor.automatic = () => resultOf("a");
      const deal = aDeal({ dataset: 3n });

      await leasing.desk.offer(aLease({ deal, inputs: [input], dataset }), POOL);
      leasing.inputs.hold = () => Promise.reject(new InputCorruptError("it has another sha256"));
      const lost = aLease({ deal, index: 1, dataset });
      await leasing.desk.offer(lost, POOL);

      const [{ inputs, dataset: path }] = leasing.executor.specs as [RunSpec];
      expect(inputs).to.deep.equal([{ name: "a", path: `/cache/${input.sha256}` }]);
      expect(path).to.equal(`/cache/${dataset.sha256}`);
      expect(leasing.said()).to.deep.equal(["accept", "computed", "accept", "refuse GM_INPUT_CORRUPT"]);
      expect(leasing.votes.get(lost.taskId)).to.equal(undefined);
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

  it("refuses a later lease of a task whose vote was given up: it would enter no ballot", async function () {
    const leasing = aLeasing();
    leasing.executor.automatic = () => resultOf("a");
    const first = aLease();
    await leasing.desk.offer(first, POOL);
    await leasing.votes.giveUp(first.taskId);
    await leasing.desk.offer({ ...first, leaseId: aLease().leaseId }, POOL);

    expect(leasing.executor.specs).to.have.length(1);
    expect(leasing.said()).to.deep.equal(["accept", "computed", "refuse GM_RESULT_GONE"]);
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
