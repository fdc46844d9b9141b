import { SchedulerMessageSchema } from "../../protocol/messages.ts";
import type { PoolContext } from "../../scheduler/actions/context.ts";
import { startProcessors, TAKE_OVER } from "../../scheduler/queue/processors.ts";
import { closeQueues, createQueues, createWake, prepareQueues } from "../../scheduler/queue/queues.ts";
import { createMessenger, relayMessages } from "../../scheduler/store/workers/message-bus.ts";
import { connectRedis } from "../../scheduler/store/redis.ts";
import { noteOpen } from "./open-things.ts";
import type { SchedulerWorld } from "./scheduler-world.ts";

/** One process of the world's pool: its own connection, its own BullMQ workers, messages over Redis. */
export async function startProcess(
  world: SchedulerWorld,
  redisUrl: string,
): Promise<AsyncDisposable & { pool: PoolContext; stop: () => Promise<void> }> {
  const redis = await connectRedis(redisUrl, () => {});
  const queues = createQueues(redis, world.keys(), world.pool.config.lanes);
  await prepareQueues(queues);
  const pool = { ...world.pool, wake: createWake(queues), messenger: createMessenger(redis, world.keys, () => false) };
  const closed = noteOpen("processors");
  const { stop } = startProcessors(pool, queues, { connection: redis, prefix: world.keys(), ...TAKE_OVER });
  return {
    pool,
    /** Its jobs end, as at SIGTERM. */
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      await closeQueues(queues);
      redis.disconnect();
      closed();
    },
  };
}

/**
 * Brings what the processes say to the world's workers, and their replies to the processes, which take turns.
 * @param failures gets what goes wrong on the way
 */
export async function relayToWorkers(
  world: SchedulerWorld,
  processes: readonly { readonly pool: PoolContext }[],
  failures: unknown[],
): Promise<Disposable> {
  let turn = 0;
  const stop = await relayMessages(world.redis, world.keys, (address, text) => {
    const message = SchedulerMessageSchema.parse(JSON.parse(text));
    world.pool = processes[turn++ % processes.length]!.pool;
    world.deliver(address, message).catch((error: unknown) => failures.push(error));
  });
  return { [Symbol.dispose]: stop };
}
