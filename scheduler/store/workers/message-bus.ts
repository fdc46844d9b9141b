import type { Redis } from "ioredis";

import { toJson } from "../../../protocol/json.ts";
import type { Address } from "../../../protocol/primitives.ts";
import type { Messenger } from "../../ports.ts";
import type { Keys } from "../redis.ts";

/** How often the listening connection is asked whether it is still there, in milliseconds. */
const PING_MS = 5_000;

/**
 * Sends to workers, through Redis where one may be connected to another process of the pool. At most once: leases that are
 * not heard of expire, and `hello`, the sweep and the lane's job say everything again.
 * @param deliver hands a text to a worker's connection in this process; false where there is none
 */
export function createMessenger(
  redis: Redis,
  keys: Keys,
  deliver: (worker: Address, text: string) => boolean,
): Messenger {
  return {
    async send(worker, message) {
      const text = toJson(message);
      if (!deliver(worker, text)) await redis.publish(keys("to", worker), text);
    },
  };
}

/** Hands what is published for a worker to its connection in this process. Returns the off-switch. */
export async function relayMessages(
  redis: Redis,
  keys: Keys,
  deliver: (worker: Address, text: string) => unknown,
): Promise<() => void> {
  const subscriber = redis.duplicate();
  for (const listener of redis.listeners("error")) subscriber.on("error", listener as () => void);
  const prefix = keys("to", "");
  subscriber.on("pmessage", (_pattern, channel: string, text: string) =>
    deliver(channel.slice(prefix.length) as Address, text),
  );
  await subscriber.psubscribe(`${prefix}*`);
  // Whoever only listens never finds out that nobody is there.
  const pulse = setInterval(() => void subscriber.ping().catch(() => {}), PING_MS);
  return () => {
    clearInterval(pulse);
    subscriber.disconnect();
  };
}
