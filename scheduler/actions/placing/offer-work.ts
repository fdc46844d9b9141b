import type { Address, Hash } from "../../../protocol/primitives.ts";
import { sharesOf } from "../../domain/placement/fair-share.ts";
import type { PoolContext } from "../context.ts";
import type { Member } from "./crowd.ts";

/** So many are looked at however few slots are free, so that each of them says before long why nothing happens. */
const FEWEST = 16;

/**
 * Wakes the placement of tasks that wait for workers, about as many as could be leased now: a hundred thousand that wait cost
 * nothing until it is their turn. Requesters get fair shares of them, and of each those whose turn it is come first. Each task
 * that gets its leases asks for the next offer.
 */
export async function offerWork(pool: PoolContext): Promise<void> {
  const free = freeSlots(await pool.crowd.recent());
  const count = Math.max(FEWEST, Math.ceil(free / 2));
  const turns = sharesOf(await pool.waiting.claimants(), count, pool.clock.now());
  for (const taskId of await tasksInTurn(pool, turns)) await pool.wake.task(taskId);
}

/** The tasks of each requester in their order, woven as the requesters take turns: only the first of them may find a slot. */
async function tasksInTurn({ waiting }: PoolContext, turns: readonly Address[]): Promise<readonly Hash[]> {
  const counts = Map.groupBy(turns, (requester) => requester);
  const read = [...counts].map(
    async ([requester, { length }]) => [requester, await waiting.next(requester, length)] as const,
  );
  const tasks = new Map((await Promise.all(read)).map(([requester, found]) => [requester, found.values()]));
  return turns.flatMap((requester) => tasks.get(requester)!.next().value ?? []);
}

/** The same, and a few tasks of each requester at random beside those whose turn it is. */
export async function offerWidely(pool: PoolContext): Promise<void> {
  await offerWork(pool);
  const { waiting, wake } = pool;
  const some = await Promise.all((await waiting.claimants()).map(({ requester }) => waiting.some(requester)));
  for (const taskId of some.flat()) await wake.task(taskId);
}

function freeSlots(members: readonly Member[]): number {
  return members
    .filter(({ accepting }) => accepting)
    .reduce((sum, { slots, busy }) => sum + Math.max(0, slots - busy.length), 0);
}
