import { SETTLE_WINDOW_SECONDS } from "../../protocol/constants.ts";
import { canMove, moveTask } from "../domain/task-state.ts";
import type { PoolContext } from "./context.ts";
import { loseLeases, wakePlanned } from "./hear-worker.ts";

/**
 * Finds whatever a lost wake or a dead process left lying: lapsed leases, passed deadlines, deals to take in or to refund,
 * lanes with something to do, blobs nobody needs. Runs every few seconds; delayed jobs only make it sooner.
 */
export async function sweep(pool: PoolContext): Promise<void> {
  await loseLeases(pool);
  await expireTasks(pool);
  await refundDeals(pool);
  await wakeDeals(pool);
  await wakePlanned(pool);
  for (let lane = 0; lane < pool.config.lanes; lane++) await pool.wake.lane(lane);
  await removeBlobs(pool);
}

async function expireTasks(pool: PoolContext): Promise<void> {
  const now = pool.chain.now();
  for (const taskId of await pool.tasks.pastDeadline(now)) {
    // A task in a sealed epoch can still be settled: the epoch decides, or is abandoned and then it expires.
    await pool.tasks.update(taskId, (task) =>
      task.state !== "sealed" && canMove(task.state, "expired")
        ? moveTask(task, "expired", now, "its deadline has passed")
        : undefined,
    );
  }
}

/** Sends the refund for deals whose last settlement window has passed, as anybody could. */
async function refundDeals(pool: PoolContext): Promise<void> {
  const refundable = await pool.deals.pastDeadline(pool.chain.now() - SETTLE_WINDOW_SECONDS);
  for (const dealId of refundable) {
    const record = await pool.deals.get(dealId);
    if (!record) continue;
    if (await pool.chain.dealIsOpen(dealId)) await pool.operator.claim(dealId, record.deal);
    else await pool.deals.put({ ...record, stage: "closed" });
  }
}

/** A deal that was seen but never entered, because its job died with its process. */
async function wakeDeals(pool: PoolContext): Promise<void> {
  for (const dealId of await pool.deals.openIds()) {
    const record = await pool.deals.get(dealId);
    if (record?.stage === "seen") await pool.wake.deal(dealId);
  }
}

async function removeBlobs(pool: PoolContext): Promise<void> {
  for (const sha256 of await pool.ledger.stale(Date.now())) {
    await pool.blobs.remove(sha256);
    await pool.ledger.forget(sha256);
  }
}
