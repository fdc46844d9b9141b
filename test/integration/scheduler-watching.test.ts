import { expect } from "chai";

import { paramsHashOf } from "../../protocol/params.ts";
import { digestOf } from "../../protocol/digest.ts";
import { knowApp } from "../support/scheduler-apps.ts";
import { withRedis } from "../support/parts.ts";
import { HONEST, WRONG } from "../support/scheduler-worker.ts";
import type { FakeWorker, Manners } from "../support/scheduler-worker.ts";
import { SchedulerWorld } from "../support/scheduler-world.ts";

/** A pool that watches every worker which could decide a task alone; all of these could. */
describe("a worker that could decide alone", function () {
  const redis = withRedis();
  let world: SchedulerWorld;
  beforeEach(async function () {
    world = await SchedulerWorld.open(redis().url, { GRIDMILL_REPLICATE_PERCENT: "100" });
    await knowApp(world);
  });
  afterEach(() => world[Symbol.asyncDispose]());

  async function connectKnown(index: number, manners: Manners = {}): Promise<FakeWorker> {
    const worker = await world.connect(index, manners);
    world.hub.scores.set(worker.address, 300);
    await world.trust(worker);
    return worker;
  }

  it("is not believed before the other has answered, however fast it was", async function () {
    const liar = await connectKnown(1, { text: WRONG });
    const slow = await connectKnown(2, { silentAt: "accept" });
    const deal = world.openDeal();
    await world.settleDown();
    expect((await world.taskOf(deal)).votes.map(({ state }) => state)).to.have.members(["computed", "running"]);
    expect((await world.taskOf(deal)).state).to.equal("running");

    slow.manners = {};
    await connectKnown(3);
    await world.runOutLeases();
    await world.drive("settled", world.isSettled(deal));
    await world.settleDown();

    const { digest, votes } = await world.taskOf(deal);
    expect(digest).to.equal(digestOf(HONEST));
    expect(votes.filter(({ state }) => state === "differ").map(({ worker }) => worker)).to.deep.equal([liar.address]);
  });

  it("is watched where the other has a slot only later", async function () {
    const busy = await connectKnown(1, { slots: 1, silentAt: "accept" });
    world.openDeal({ requestHash: paramsHashOf("keeps it busy") });
    await world.settleDown();
    await connectKnown(2);
    const deal = world.openDeal();
    await world.settleDown();
    const { state, waitingFor } = await world.taskOf(deal);
    expect(state).to.equal("planned");
    expect(waitingFor).to.include("all slots taken");

    busy.manners = { slots: 1 };
    await world.runOutLeases();
    await world.drive("both settled", () => world.hub.settled.size === 2);
    await world.settleDown();

    expect((await world.taskOf(deal)).votes.map(({ state }) => state)).to.deep.equal(["agree", "agree"]);
  });

  it("is enough where nobody is left to watch it", async function () {
    await connectKnown(1);
    const other = await connectKnown(2, { silentAt: "accept" });
    const deal = world.openDeal();
    await world.settleDown();

    await world.pool.workers.gone(other.address);
    await world.runOutLeases();
    await world.drive("settled", world.isSettled(deal));
    await world.settleDown();

    expect((await world.taskOf(deal)).votes.map(({ state }) => state)).to.have.members(["agree", "lost"]);
  });

  it("is enough where the other's answer would come too late", async function () {
    await connectKnown(1);
    await connectKnown(2, { silentAt: "accept" });
    const deal = world.openDeal();
    await world.settleDown();

    world.hub.now += 1_400;
    await world.runOutLeases();
    await world.settleDown();
    const before = (await world.taskOf(deal)).state;
    world.hub.now += 200;
    await world.runOutLeases();
    await world.drive("settled", world.isSettled(deal), 60);

    expect(before).to.equal("running");
  });

  it("decides alone where it is the only one", async function () {
    await connectKnown(1);
    const deal = world.openDeal();

    await world.drive("settled", world.isSettled(deal), 60);
  });
});
