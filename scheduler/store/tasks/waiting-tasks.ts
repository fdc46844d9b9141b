import type { Redis } from "ioredis";

import type { Address, Hash } from "../../../protocol/primitives.ts";
import type { Claimant } from "../../domain/placement/fair-share.ts";
import type { Keys } from "../redis.ts";
import { script } from "../script.ts";

/** The tasks that want votes, by requester and deal, and what each requester has had: kept by the tasks' own writes. */
export interface WaitingTasks {
  /** The requesters of whom tasks wait. */
  claimants(): Promise<readonly Claimant[]>;
  /**
   * Up to `count` waiting tasks of a requester: of the deal whose turn it is half, of the next half of the rest, and so on, as far
   * as the sixteenth.
   */
  next(requester: Address, count: number): Promise<readonly Hash[]>;
  /** A few of his tasks at random: whatever nobody can serve is not in the way of the others for ever. */
  some(requester: Address): Promise<readonly Hash[]>;
}

/** How many deals of a requester are looked at by their turn, and how many at random. */
const BY_TURN = 16;
const AT_RANDOM = 4;

/**
 * Takes a deal off the list if none of its tasks waits, in one step with that look.
 * KEYS: deals, tasks, requesters; ARGV: deal, requester
 */
const DROP = script(`
if redis.call("SCARD", KEYS[2]) > 0 then return 0 end
redis.call("ZREM", KEYS[1], ARGV[1])
if redis.call("ZCARD", KEYS[1]) == 0 then redis.call("SREM", KEYS[3], ARGV[2]) end
return 1
`);

export function createWaitingTasks(redis: Redis, keys: Keys): WaitingTasks {
  const requestersKey = keys("waiting-requesters");
  const dealsKey = (requester: Address): string => keys("waiting-deals", requester);
  const tasksKey = (dealId: string): string => keys("waiting", dealId);

  async function claimant(requester: Address): Promise<Claimant> {
    const [used, ended, working, waiting] = await Promise.all([
      redis.zscore(keys("usage"), requester),
      redis.zscore(keys("usage-leases"), requester),
      redis.hget(keys("working"), requester),
      countWaiting(requester),
    ]);
    return { requester, used: Number(used ?? 0), ended: Number(ended ?? 0), working: Number(working ?? 0), waiting };
  }

  /** Of the deals that would be looked at; those that have none any more make room for others. */
  async function countWaiting(requester: Address): Promise<number> {
    for (;;) {
      const deals = await redis.zrange(dealsKey(requester), "0", String(BY_TURN - 1));
      const counts = await Promise.all(deals.map((dealId) => redis.scard(tasksKey(dealId))));
      const waiting = counts.reduce((sum, count) => sum + count, 0);
      const empty = deals.filter((_deal, place) => counts[place] === 0);
      await Promise.all(empty.map((dealId) => drop(requester, dealId)));
      if (waiting > 0 || empty.length === 0) return waiting;
    }
  }

  async function drop(requester: Address, dealId: string): Promise<void> {
    await DROP(redis, [dealsKey(requester), tasksKey(dealId), requestersKey], [dealId, requester]);
  }

  async function next(requester: Address, count: number): Promise<readonly Hash[]> {
    const deals = await redis.zrange(dealsKey(requester), "0", String(BY_TURN - 1));
    const found: string[] = [];
    for (const [place, dealId] of deals.entries()) {
      const left = count - found.length;
      if (left === 0) break;
      const isLast = place === deals.length - 1;
      found.push(...(await redis.srandmember(tasksKey(dealId), isLast ? left : Math.ceil(left / 2))));
    }
    return found as Hash[];
  }

  async function some(requester: Address): Promise<readonly Hash[]> {
    const deals = await redis.zrandmember(dealsKey(requester), AT_RANDOM);
    const tasks = await Promise.all(deals.map((dealId) => redis.srandmember(tasksKey(dealId), 1)));
    return tasks.flat() as Hash[];
  }

  return {
    claimants: async () => {
      const found = await Promise.all((await redis.smembers(requestersKey)).map((each) => claimant(each as Address)));
      return found.filter(({ waiting }) => waiting > 0);
    },
    ...{ next, some },
  };
}
