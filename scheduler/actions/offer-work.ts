import type { Hash } from "../../protocol/primitives.ts";
import type { PoolContext } from "./context.ts";
import type { Member } from "./crowd.ts";

/** So many are looked at however few slots are free, so that each of them says before long why nothing happens. */
const FEWEST = 16;

/**
 * Wakes the placement of tasks that wait for workers, about as many as could be leased now: a hundred thousand that wait cost
 * nothing until it is their turn. Each task that gets its leases asks for the next offer.
 */
export async function offerWork(pool: PoolContext): Promise<void> {
  const free = freeSlots(await pool.crowd.recent());
  const count = Math.max(FEWEST, Math.ceil(free / 2));
  for (const taskId of await waitingTasks(pool, count)) await pool.wake.task(taskId);
}

function freeSlots(members: readonly Member[]): number {
  return members
    .filter(({ accepting }) => accepting)
    .reduce((sum, { slots, busy }) => sum + Math.max(0, slots - busy.length), 0);
}

async function waitingTasks(pool: PoolContext, count: number): Promise<readonly Hash[]> {
  const lanes = Array.from({ length: pool.config.lanes }, (_unused, lane) => pool.tasks.someIn(lane, "planned", count));
  return (await Promise.all(lanes)).flat();
}
