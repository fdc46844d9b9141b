import { expect } from "chai";
import { id as hashOf } from "ethers";

import type { Deal } from "../../protocol/deal.ts";
import type { Hash } from "../../protocol/primitives.ts";
import { withRedis } from "../support/parts.ts";
import { firstOf } from "../support/scheduler-records.ts";
import { WRONG } from "../support/scheduler-worker.ts";
import type { FakeWorker, Manners } from "../support/scheduler-worker.ts";
import { SchedulerWorld } from "../support/scheduler-world.ts";

/** A pool that checks a worker on probation wherever it can. */
describe("a spot check", function () {
  const redis = withRedis();
  let world: SchedulerWorld;
  let trusted: readonly FakeWorker[];
  beforeEach(async function () {
    world = await SchedulerWorld.open(redis().url, { GRIDMILL_SPOT_CHECK_PERCENT: "100" });
    trusted = [await world.connect(1), await world.connect(2)];
    await world.trust(...trusted);
  });
  afterEach(() => world[Symbol.asyncDispose]());

  /** Opens a task that the two trusted workers have a vote of, and then the third. */
  async function checkedTask(manners: Manners): Promise<{ readonly deal: Deal; readonly checked: FakeWorker }> {
    const checked = await world.connect(3, manners);
    await world.pool.workers.note(checked.address, "refused", Date.now()); // so that the others come first
    const deal = world.openDeal({ requestHash: hashOf("checked") as Hash });
    await world.drive("three votes", async () => (await world.taskOf(deal))?.votes.length === 3);
    return { deal, checked };
  }

  async function endOf(deal: Deal, checked: FakeWorker): Promise<readonly (string | undefined)[]> {
    await world.drive("settled", world.isSettled(deal));
    await world.settleDown();
    const { votes } = await world.taskOf(deal);
    const { grade } = await world.pool.workers.conduct(checked.address);
    return [votes.find(({ worker }) => worker === checked.address)?.state, grade];
  }

  it("is an honest newcomer's confirmed result, by a lease like all others", async function () {
    const { deal, checked } = await checkedTask({});

    expect(await endOf(deal, checked)).to.deep.equal(["agree", "probation"]);
    expect((await world.pool.workers.conduct(checked.address)).confirmed).to.equal(1);
    const leases = [...trusted, checked].map(({ heard }) => {
      const { lease } = heard.find((message) => message.type === "lease")!;
      return { ...lease, leaseId: "", expiresAt: 0 };
    });
    expect(leases[2]).to.deep.equal(leases[0]).and.to.deep.equal(leases[1]);
    const { history } = await world.taskOf(deal);
    expect(history.map(({ note }) => note).join()).to.not.match(/check|spot/);
  });

  it("finds a newcomer out that lies where trusted workers have answered", async function () {
    const { deal, checked } = await checkedTask({ text: WRONG });
    await world.connect(4);

    expect(await endOf(deal, checked)).to.deep.equal(["differ", "quarantined"]);
  });

  it("holds nothing up where its worker is lost, or none is on probation", async function () {
    const { deal, checked } = await checkedTask({ silentAt: "accept" });
    await world.trust(await world.connect(4));
    await world.pool.workers.gone(checked.address);
    await world.runOutLeases();
    expect(await endOf(deal, checked)).to.deep.equal(["lost", "probation"]);
    expect((await world.taskOf(deal)).votes, "the fourth needs no check").to.have.length(3);

    const other = world.openDeal({ requestHash: hashOf("unchecked") as Hash });
    await world.drive("settled", world.isSettled(other));
    expect((await world.pool.tasks.get(firstOf(other)))!.spotCheck).to.equal(undefined);
  });
});
