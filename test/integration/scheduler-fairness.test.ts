import { expect } from "chai";

import { NO_RESOURCES, packResources } from "../../protocol/capabilities.ts";
import { dealIdOf } from "../../protocol/deal.ts";
import type { Deal } from "../../protocol/deal.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import { withRedis } from "../support/parts.ts";
import { addressOf } from "../support/scheduler-records.ts";
import type { FakeWorker } from "../support/scheduler-worker.ts";
import { SchedulerWorld } from "../support/scheduler-world.ts";

const [ANN, BOB] = [addressOf(41), addressOf(42)];

/** One worker with one slot: whose lease comes first shows whose turn it was. */
describe("whose task is next", function () {
  const redis = withRedis();
  let world: SchedulerWorld;
  let worker: FakeWorker;

  beforeEach(async function () {
    world = await SchedulerWorld.open(redis().url);
  });
  afterEach(() => world[Symbol.asyncDispose]());

  /** A deal whose tasks one vote decides. */
  const openFor = (requester: Address, volume: number, changes: Partial<Deal> = {}): Hash =>
    dealIdOf(world.openDeal({ requester, volume, trust: 2, ...changes }));

  /** Lets the worker in and the tasks be computed; returns the deals of its leases, in the order of these. */
  async function leased(count: number): Promise<readonly Hash[]> {
    await world.settleDown();
    worker = await world.connect(1, { slots: 1 });
    const leases = () => worker.heard.flatMap((said) => (said.type === "lease" ? [said.lease.dealId] : []));
    await world.drive(`${count} leases`, () => leases().length >= count);
    return leases().slice(0, count);
  }

  it("is each requester's in turn, however many the first of them has asked for", async function () {
    const many = openFor(ANN, 40);
    const few = openFor(BOB, 3);

    const order = await leased(8);

    expect(order.filter((dealId) => dealId === few)).to.have.lengthOf(3);
    expect(order.slice(0, 2)).to.have.members([many, few]);
  });

  it("is that of the shorter deal of one requester, and of the dearer of two alike", async function () {
    const long = openFor(ANN, 1, { category: 4 });
    const short = openFor(ANN, 1);
    const dear = openFor(ANN, 1, { poolPrice: 10n ** 18n });

    expect(await leased(3)).to.deep.equal([dear, short, long]);
  });

  it("is found behind those that nobody can serve", async function () {
    const requirements = packResources({ ...NO_RESOURCES, cpuMillicores: 64_000 });
    for (let salt = 1; salt <= 20; salt++)
      openFor(ANN, 20, { requirements, requestHash: `0x${`${salt}`.padStart(64, "0")}` });
    const last = openFor(ANN, 2, { openedAt: world.hub.now + 1 });

    expect(await leased(2)).to.deep.equal([last, last]);
  });

  it("forgets who has nothing left to wait for", async function () {
    openFor(ANN, 2);
    await leased(2);
    await world.drive("all settled", async () => (await world.pool.tasks.countIn(0, "settled")) === 2);

    expect(await world.pool.waiting.claimants()).to.deep.equal([]);
    expect(await world.redis.hgetall(world.keys("working"))).to.deep.equal({});
  });

  it("is reckoned by what each has had of the pool, and by what is out now", async function () {
    openFor(ANN, 2);
    await leased(2);
    await world.drive("all settled", async () => (await world.pool.tasks.countIn(0, "settled")) === 2);
    worker.manners = { ...worker.manners, silentAt: "lease" };
    openFor(ANN, 2, { requestHash: `0x${"02".repeat(32)}` });
    await world.settleDown();

    const [ann] = await world.pool.waiting.claimants();
    expect(ann).to.include({ requester: ANN, working: 1, waiting: 1 });
    expect(Math.min(ann!.used, ann!.ended)).to.be.above(0);
  });
});
