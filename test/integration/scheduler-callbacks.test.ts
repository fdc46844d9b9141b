import { expect } from "chai";
import { hexlify } from "ethers";

import { dealIdOf, taskIdOf } from "../../protocol/deal.ts";
import { failDigest, failText } from "../../protocol/digest.ts";
import type { SettlePlan } from "../../scheduler/domain/epochs/settle-plan.ts";
import { withRedis } from "../support/parts.ts";
import { addressOf, firstOf } from "../support/scheduler-records.ts";
import { SchedulerWorld } from "../support/scheduler-world.ts";

/** What the pool settles from now on. */
function plansOf(world: SchedulerWorld): readonly SettlePlan[] {
  const plans: SettlePlan[] = [];
  const { operator } = world.pool;
  const settle: typeof operator.settle = (plan, sealed) => {
    plans.push(plan);
    return operator.settle(plan, sealed);
  };
  world.pool = { ...world.pool, operator: { ...operator, settle } };
  return plans;
}

describe("a pool, given deals that contracts wait for", function () {
  const redis = withRedis();
  let world: SchedulerWorld;
  beforeEach(async function () {
    world = await SchedulerWorld.open(redis().url);
  });
  afterEach(() => world[Symbol.asyncDispose]());

  const callback = addressOf(77);
  const ANSWER = Buffer.from("the answer");
  const epochOver = (epoch: number) => () => world.hub.lastEpoch(0).epoch === epoch && world.hub.lastEpoch(0).settled;

  it("hands each task's answer to the chain, beside deals without a callback", async function () {
    for (const index of [1, 2]) await world.connect(index, { answer: ANSWER, slots: 8 });
    const asked = world.openDeal({ callback, volume: 3 });
    const other = world.openDeal();

    await world.drive("settled", () => world.isSettled(asked)() && world.isSettled(other)());

    for (let index = 0; index < 3; index++) {
      expect(world.hub.called.get(taskIdOf(dealIdOf(asked), index))).to.equal(hexlify(ANSWER));
    }
    expect(world.hub.called.size).to.equal(3);
  });

  it("asks the next worker when the answer is not what was voted for", async function () {
    const workers = [await world.connect(1, { answer: ANSWER, corrupt: true })];
    workers.push(await world.connect(2, { answer: ANSWER }));
    const deal = world.openDeal({ callback, volume: 2 });

    await world.drive("settled", world.isSettled(deal));

    expect(workers.map(({ heard }) => heard.filter(({ type }) => type === "upload?").length)).to.deep.equal([1, 2]);
    expect(world.hub.called.get(firstOf(deal))).to.equal(hexlify(ANSWER));
  });

  it("settles a failure without a call", async function () {
    for (const index of [1, 2]) await world.connect(index, { text: failText("callback") });
    const deal = world.openDeal({ callback });

    await world.drive("settled", world.isSettled(deal));

    expect(world.hub.settled.get(firstOf(deal))).to.equal(failDigest("callback"));
    expect(world.hub.called.size).to.equal(0);
  });

  it("keeps a task open whose answer is gone before it is settled, and asks for it again", async function () {
    for (const index of [1, 2]) await world.connect(index, { answer: ANSWER });
    const deal = world.openDeal({ callback });
    await world.drive("uploaded", async () => (await world.pool.tasks.get(firstOf(deal)))?.result !== undefined);
    await world.pool.blobs.remove((await world.pool.tasks.get(firstOf(deal)))!.result!);

    const plans = plansOf(world);

    await world.drive("the first epoch closed", epochOver(1));

    expect(world.hub.settled.size).to.equal(0);
    expect(plans[0]!.tasks[0]!.votes.filter((vote) => "digest" in vote)).to.deep.equal([]);
    await world.drive("settled", world.isSettled(deal));
    expect(world.hub.called.get(firstOf(deal))).to.equal(hexlify(ANSWER));
  });
});
