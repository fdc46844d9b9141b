import { expect } from "chai";

import { dealIdOf, taskIdOf } from "../../protocol/deal.ts";
import { SchedulerMessageSchema } from "../../protocol/messages.ts";
import type { PoolContext } from "../../scheduler/actions/context.ts";
import { followEvent } from "../../scheduler/actions/follow-chain.ts";
import { startProcessors, TAKE_OVER } from "../../scheduler/queue/processors.ts";
import { closeQueues, createQueues, createWake, prepareQueues } from "../../scheduler/queue/queues.ts";
import { createMessenger, relayMessages } from "../../scheduler/store/message-bus.ts";
import { connectRedis } from "../../scheduler/store/redis.ts";
import { noteOpen } from "../support/open-things.ts";
import { withRedis } from "../support/parts.ts";
import { SchedulerWorld } from "../support/scheduler-world.ts";
import { waitFor } from "../support/wait-for.ts";

/** One process of the world's pool: its own connection, its own BullMQ workers, messages over Redis. */
async function startProcess(world: SchedulerWorld, redisUrl: string): Promise<AsyncDisposable & { pool: PoolContext }> {
  const redis = await connectRedis(redisUrl, () => {});
  const queues = createQueues(redis, world.keys(), world.pool.config.lanes);
  await prepareQueues(queues);
  const pool = { ...world.pool, wake: createWake(queues), messenger: createMessenger(redis, world.keys) };
  const closed = noteOpen("processors");
  const stop = startProcessors(pool, queues, { connection: redis, prefix: world.keys(), ...TAKE_OVER });
  return {
    pool,
    async [Symbol.asyncDispose]() {
      await stop();
      await closeQueues(queues);
      redis.disconnect();
      closed();
    },
  };
}

describe("two processes of a pool, on real queues", function () {
  const redis = withRedis();

  it("settle every task of a deal once, each with as many votes as it wants", async function () {
    await using world = await SchedulerWorld.open(redis().url, { GRIDMILL_EPOCH_SECONDS: "5" });
    await using first = await startProcess(world, redis().url);
    await using second = await startProcess(world, redis().url);
    const failures: unknown[] = [];
    // Whichever process a worker talks to: they take turns.
    let turn = 0;
    const stopRelay = await relayMessages(world.redis, world.keys, (address, text) => {
      const message = SchedulerMessageSchema.parse(JSON.parse(text));
      world.pool = turn++ % 2 === 0 ? first.pool : second.pool;
      const heard = world.deliver(address, message);
      heard.catch((error: unknown) => failures.push(error));
    });
    try {
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
    } finally {
      stopRelay();
    }
  });
});
