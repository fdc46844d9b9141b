import { expect } from "chai";

import { dealIdOf, taskIdOf } from "../../protocol/deal.ts";
import { followEvent } from "../../scheduler/actions/following/follow-chain.ts";
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

  it("go on where one of them was told to stop: it gives no lease any more, and leaves its lane at the step it was at", async function () {
    await using world = await SchedulerWorld.open(redis().url, { GRIDMILL_EPOCH_SECONDS: "5" });
    const stepped = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const { epochs } = world.pool;
    const ballots: typeof epochs.ballots = async (...args) => {
      const answers = await epochs.ballots(...args);
      if (answers.size === 2) {
        stepped.resolve();
        await held.promise;
      }
      return answers;
    };
    world.pool = { ...world.pool, epochs: { ...epochs, ballots } };
    const failures: unknown[] = [];
    await using first = await startProcess(world, redis().url);
    using stack = new DisposableStack();
    const relay = stack.use(await relayToWorkers(world, [first], failures));
    for (const index of [1, 2]) await world.connect(index, { slots: 4 });
    const deal = world.openDeal({ volume: 2 });
    await followEvent(first.pool, world.hub.events[0] as Parameters<typeof followEvent>[1]);
    const clock = setInterval(() => (world.hub.now += 1), 20);
    stack.defer(() => clearInterval(clock));
    await stepped.promise;

    const stopped = first.stop();
    const late = world.openDeal({ requestHash: `0x${"71".repeat(32)}` });
    await followEvent(first.pool, world.hub.events[1] as Parameters<typeof followEvent>[1]);
    held.resolve();
    await stopped;
    relay[Symbol.dispose]();

    expect((await world.pool.epochs.current(0))!.state).to.equal("sealing");
    expect(await world.pool.tasks.get(taskIdOf(dealIdOf(late), 0))).to.equal(undefined);
    await using second = await startProcess(world, redis().url);
    stack.use(await relayToWorkers(world, [second], failures));
    // Sooner than the job of a process that died would be taken over.
    await waitFor("both settled", () => world.isSettled(deal)() && world.isSettled(late)(), { timeoutMs: 12_000 });
    expect(failures).to.deep.equal([]);
  });
});
