import { expect } from "chai";

import { dealDeadline, taskIdOf } from "../../../protocol/deal.ts";
import { GridmillError } from "../../../protocol/errors.ts";
import type { Lease } from "../../../protocol/lease.ts";
import { ZERO_HASH } from "../../../protocol/primitives.ts";
import { checkLeaseItself, checkLeaseOnChain } from "../../../worker/leasing/check-lease.ts";
import { aDeal, aLease, FakeChain, POOL, WORKER } from "./fakes.ts";

const POLICY = { maxStake: 10n, allowedImages: [] };

function codeOfThrown(check: () => void): string {
  try {
    check();
    return "fine";
  } catch (error) {
    expect(error).to.be.instanceOf(GridmillError);
    return (error as GridmillError).code;
  }
}

const itself = (lease: Lease, policy: Parameters<typeof checkLeaseItself>[2] = POLICY): string =>
  codeOfThrown(() => checkLeaseItself(lease, POOL, policy));

async function onChain(lease: Lease, chain: FakeChain): Promise<unknown> {
  return checkLeaseOnChain(lease, WORKER, chain).then(
    () => "fine",
    (error: unknown) => (error instanceof GridmillError ? error.code : error),
  );
}

describe("checkLeaseItself", function () {
  it("takes a lease that is all right", function () {
    expect(itself(aLease())).to.equal("fine");
  });

  it("refuses a deal that does not hash to the id", function () {
    const lease = aLease();

    expect(itself({ ...lease, deal: { ...lease.deal, workerStake: 1n } })).to.equal("GM_BAD_LEASE");
  });

  it("refuses the id of another task", function () {
    const lease = aLease();

    expect(itself({ ...lease, taskId: taskIdOf(lease.dealId, 1) })).to.equal("GM_BAD_LEASE");
  });

  it("takes the last task of a deal and none after it", function () {
    expect(itself(aLease({ index: 3 }))).to.equal("fine");
    expect(itself(aLease({ index: 4 }))).to.equal("GM_BAD_LEASE");
  });

  it("refuses a deal of another pool", function () {
    expect(itself(aLease({ deal: aDeal({ pool: POOL + 1n }) }))).to.equal("GM_OTHER_POOL");
  });

  it("takes all the time that the deal's category pays for, and not one second more", function () {
    const { limits } = aLease();

    expect(itself(aLease({ limits: { ...limits, seconds: 300 } }))).to.equal("fine");
    expect(itself(aLease({ limits: { ...limits, seconds: 301 } }))).to.equal("GM_BAD_LEASE");
  });

  it("takes the highest stake allowed, and not one wei more", function () {
    expect(itself(aLease(), { ...POLICY, maxStake: 10n })).to.equal("fine");
    expect(itself(aLease(), { ...POLICY, maxStake: 9n })).to.equal("GM_STAKE_LIMIT");
  });

  it("takes only the owner's images where there is a list", function () {
    expect(itself(aLease(), { ...POLICY, allowedImages: ["other/", "registry.test/"] })).to.equal("fine");
    expect(itself(aLease(), { ...POLICY, allowedImages: ["other/"] })).to.equal("GM_IMAGE_NOT_ALLOWED");
  });
});

describe("checkLeaseOnChain", function () {
  const lease = aLease();

  it("takes a task that is open", async function () {
    expect(await onChain(lease, new FakeChain())).to.equal("fine");
  });

  it("refuses a deal that is not open, and a task that is closed", async function () {
    const chain = new FakeChain();
    chain.closedTasks.add(`${lease.dealId}-0`);
    expect(await onChain(lease, chain)).to.equal("GM_DEAL_NOT_OPEN");

    chain.closedTasks.clear();
    chain.closedDeals.add(lease.dealId);
    expect(await onChain(lease, chain)).to.equal("GM_DEAL_NOT_OPEN");
  });

  it("takes it in the second of the deadline, and not in the next", async function () {
    const chain = new FakeChain();
    chain.now = dealDeadline(lease.deal);
    expect(await onChain(lease, chain)).to.equal("fine");

    chain.now += 1;
    expect(await onChain(lease, chain)).to.equal("GM_DEAL_NOT_OPEN");
  });

  it("refuses an image that is not the app's", async function () {
    const chain = new FakeChain();
    for (const digest of [ZERO_HASH, undefined]) {
      chain.imageDigest = digest;
      expect(await onChain(lease, chain)).to.equal("GM_BAD_LEASE");
    }
  });

  it("wants the deal's dataset, the one that the chain has, and none where the deal has none", async function () {
    const chain = new FakeChain();
    const dataset = { sha256: "cd".repeat(32), bytes: 4 };
    const deal = aDeal({ dataset: 3n });
    chain.datasetDigest = `0x${dataset.sha256}`;

    expect(await onChain(aLease({ deal, dataset }), chain)).to.equal("fine");
    expect(await onChain(aLease({ dataset }), chain)).to.equal("GM_BAD_LEASE");
    expect(await onChain(aLease({ deal }), chain)).to.equal("GM_BAD_LEASE");
    for (const digest of [ZERO_HASH, undefined]) {
      chain.datasetDigest = digest;
      expect(await onChain(aLease({ deal, dataset }), chain)).to.equal("GM_BAD_LEASE");
      expect(await onChain(aLease({ deal }), chain)).to.equal("GM_BAD_LEASE");
    }
  });

  it("wants the stake bonded, and not one wei less", async function () {
    const chain = new FakeChain();
    chain.bond = { ...chain.bond, bonded: 10n };
    expect(await onChain(lease, chain)).to.equal("fine");

    chain.bond = { ...chain.bond, bonded: 9n };
    expect(await onChain(lease, chain)).to.equal("GM_STAKE_UNCOVERED");
  });

  it("passes a failure of the node on as what it is", async function () {
    const chain = new FakeChain();
    chain.fail = new Error("down");

    expect(await onChain(lease, chain)).to.equal(chain.fail);
  });
});
