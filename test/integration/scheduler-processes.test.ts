import { expect } from "chai";

import { dealIdOf, taskIdOf } from "../../protocol/deal.ts";
import { followEvent } from "../../scheduler/actions/follow-chain.ts";
import { withRedis } from "../support/parts.ts";
import { relayToWorkers, startProcess } from "../support/scheduler-process.ts";
import { SchedulerWorld } from "../support/scheduler-world.ts";
import { waitFor } from "../support/wait-for.ts";

describe("two processes of a pool, on real queues", function () {
  const redis = withRedis();

  it("settle every task of a deal once, each with as many votes as it wants", async function () {
    await using world = await SchedulerWorld.open(redis().url, { GRIDMILL_EPOCH_SECONDS: "5" });
    await using first = await startProcess(world, redis().url);
    await using second = await startProcess(world, redis().url);
    const failures: unknown[] = [];
    using stack = new DisposableStack();
    stack.use(await relayToWorkers(world, [first, second], failures));
    for (const index of [1, 2, 3]) await world.connect(index, { slots: 4 });
    const deal = world.openDeal({ volume: 12 });
    const opened = world.hub.events[0] as Parameters<typeof followEvent>[1];
    await Promise.all([followEvent(first.pool, opened), followEvent(second.pool, opened)]);

    await waitFor(
      "all settled",
      () => {
        world.hub.now += 1;
        return world.isSettled(deal)();
      },
      { timeoutMs: 30_000 },
    );
    const ids = Array.from({ length: 12 }, (_unused, index) => taskIdOf(dealIdOf(deal), index));
    const settled = async () => (await world.pool.tasks.getAll(ids)).every(({ state }) => state === "settled");
    await waitFor("all noted", settled);

    const tasks = await world.pool.tasks.getAll(ids);
    expect(failures).to.deep.equal([]);
    expect(tasks.map(({ votes }) => votes.length)).to.deep.equal(Array(12).fill(2));
    expect(tasks.flatMap(({ votes }) => votes).every(({ state }) => state === "agree")).to.equal(true);
  });
});
