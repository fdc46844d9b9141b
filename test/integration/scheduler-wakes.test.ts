import { expect } from "chai";

import { dealIdOf } from "../../protocol/deal.ts";
import type { Deal } from "../../protocol/deal.ts";
import type { Hash } from "../../protocol/primitives.ts";
import { createCrowd } from "../../scheduler/actions/placing/crowd.ts";
import { enterDeal } from "../../scheduler/actions/following/enter-deal.ts";
import { placeTask } from "../../scheduler/actions/placing/place-task.ts";
import { createMessenger, relayMessages } from "../../scheduler/store/workers/message-bus.ts";
import { withRedis } from "../support/parts.ts";
import { addressOf, firstOf } from "../support/scheduler-records.ts";
import { SchedulerWorld } from "../support/scheduler-world.ts";
import { waitFor } from "../support/wait-for.ts";

const TASKS = 6;

/** What an epoch costs however large it is. */
describe("a lane of a pool", function () {
  const redis = withRedis();
  let world: SchedulerWorld;
  let wakes: string[];

  beforeEach(async function () {
    world = await SchedulerWorld.open(redis().url);
    wakes = [];
    const { wake } = world.pool;
    const lane: typeof wake.lane = async (of, delayMs) => {
      if (!delayMs) wakes.push((await world.pool.epochs.current(of))?.state ?? "-");
      await wake.lane(of, delayMs);
    };
    world.pool = { ...world.pool, wake: { ...wake, lane } };
  });
  afterEach(() => world[Symbol.asyncDispose]());

  it("is woken by the last ballot, the last opening and the last output, and by none before", async function () {
    const deal = world.openDeal({ volume: TASKS });
    await world.settleDown();
    for (let index = 1; index <= 4; index++) await world.connect(index, { slots: TASKS });

    await world.drive("settled", world.isSettled(deal));

    const woken = (state: string): number => wakes.filter((each) => each === state).length;
    // An epoch is opening until its outputs are here, too.
    expect([woken("balloting"), woken("opening")]).to.deep.equal([1, 2]);
  });
});

describe("a placement by an old reading of the workers", function () {
  const redis = withRedis();
  let world: SchedulerWorld;

  beforeEach(async function () {
    world = await SchedulerWorld.open(redis().url);
    const { workers, tasks, chain, clock } = world.pool;
    world.pool = { ...world.pool, crowd: createCrowd({ workers, tasks, chain, clock }, 3_600_000) };
  });
  afterEach(() => world[Symbol.asyncDispose]());

  it("takes a new one where the old one has too few workers", async function () {
    expect(await world.pool.crowd.recent()).to.deep.equal([]);
    await world.connect(1, { silentAt: "lease" });
    const deal = world.openDeal({ trust: 2 });

    await world.settleDown();

    expect((await world.taskOf(deal)).votes.map(({ state }) => state)).to.deep.equal(["leased"]);
  });

  it("gives no lease where a slot is taken since, says so, and looks again", async function () {
    const worker = await world.connect(1, { slots: 1, silentAt: "lease" });
    await world.pool.crowd.fresh();
    const taken = world.openDeal({ trust: 2, volume: 1 });
    const waiting = world.openDeal({ trust: 2, requestHash: `0x${"02".repeat(32)}` });
    // Another process, which this one's reading knows nothing of, takes the slot.
    const { workers, tasks, chain, clock } = world.pool;
    const other = { ...world.pool, crowd: createCrowd({ workers, tasks, chain, clock }, 0) };
    await enterDeal(other, await seen(world, taken));
    await placeTask(other, firstOf(taken));

    await world.settleDown();

    expect((await world.taskOf(waiting)).votes).to.deep.equal([]);
    expect((await world.taskOf(waiting)).waitingFor).to.include("all slots taken");
    expect((await world.pool.tasks.loadOf(worker.address)).working).to.have.lengthOf(1);
  });
});

/** Has the pool hear of a deal. */
async function seen(world: SchedulerWorld, deal: Deal): Promise<Hash> {
  const dealId = dealIdOf(deal);
  await world.pool.deals.create({ dealId, deal, stage: "seen" });
  return dealId;
}

describe("messages to workers", function () {
  const redis = withRedis();
  const worker = addressOf(1);

  it("go through Redis only where the worker is not connected to the process that sends", async function () {
    await using world = await SchedulerWorld.open(redis().url);
    const [here, elsewhere]: [string[], string[]] = [[], []];
    const stop = await relayMessages(world.redis, world.keys, (_worker, text) => elsewhere.push(text));
    const isHere = { now: true };
    const messenger = createMessenger(world.redis, world.keys, (_worker, text) => isHere.now && here.push(text) > 0);

    await messenger.send(worker, { type: "upload?", taskId: `0x${"11".repeat(32)}` });
    isHere.now = false;
    await messenger.send(worker, { type: "upload?", taskId: `0x${"22".repeat(32)}` });
    await waitFor("the other message", () => elsewhere.length > 0);
    stop();

    expect([here.length, elsewhere.length]).to.deep.equal([1, 1]);
    expect(elsewhere[0]).to.include("22".repeat(32));
  });
});
