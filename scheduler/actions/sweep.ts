import { SETTLE_WINDOW_SECONDS } from "../../protocol/constants.ts";
import { codeOf } from "../../protocol/errors.ts";
import { decidedByKept, silentVotes } from "../domain/votes/kept-votes.ts";
import { canMove, moveTask } from "../domain/tasks/task-state.ts";
import type { TaskRecord } from "../domain/tasks/task-state.ts";
import { isWorking } from "../domain/votes/vote-state.ts";
import type { PoolContext } from "./context.ts";
import { dropWorking } from "./hearing/apply-verdict.ts";
import { loseLeases } from "./hearing/hear-worker.ts";
import { offerWidely } from "./placing/offer-work.ts";
import { settleDoubts } from "./following/rewind-chain.ts";
import { chunksOfTasks } from "./tasks-of-deal.ts";

/** How many running tasks of a lane one sweep looks at, at random. */
const LOOKED_AT = 64;
/** An upload that has brought nothing for so long was left by a process that died, in milliseconds. */
const DRAFT_MS = 3_600_000;

/**
 * Finds whatever a lost wake or a dead process left lying: lapsed leases, passed deadlines, deals to take in or to refund,
 * tasks and lanes with something to do, and what is kept no longer. Runs every few seconds; delayed jobs only make it
 * sooner. A part that fails does not stop the others, and none of them waits for the chain.
 */
export async function sweep(pool: PoolContext): Promise<void> {
  const parts = [
    loseLeases,
    settleDoubts,
    expireTasks,
    wakeDeals,
    offerWidely,
    wakeStranded,
    wakeLanes,
    removeBlobs,
    forgetDeals,
    forgetWorkers,
    forgetApps,
  ];
  for (const part of parts) {
    await part(pool).catch((error: unknown) => {
      pool.failed("sweep", error);
      pool.log.error({ err: error, code: codeOf(error), part: part.name }, "part of the sweep failed");
    });
  }
}

async function expireTasks(pool: PoolContext): Promise<void> {
  const now = pool.chain.now();
  for (const taskId of await pool.tasks.pastDeadline(now)) {
    const before = await pool.tasks.get(taskId);
    // A task in a sealed epoch can still be settled: the epoch decides, or is abandoned and then it expires.
    const expired = await pool.tasks.update(taskId, (task) =>
      task.state !== "sealed" && canMove(task.state, "expired") && !mayStillSettle(task, now)
        ? moveTask(task, "expired", now, "its deadline has passed")
        : undefined,
    );
    if (before && expired) await dropWorking(pool, before);
  }
}

/** Kept votes that decide a task, or may once they are opened, can be settled for as long as the deal cannot be claimed. */
function mayStillSettle(task: TaskRecord, now: number): boolean {
  if (now > task.terms.deadline + SETTLE_WINDOW_SECONDS) return false;
  return decidedByKept(task) !== undefined || silentVotes(task).length > 0;
}

/** Deals that were never entered, because their job died with its process, and those to refund. */
async function wakeDeals(pool: PoolContext): Promise<void> {
  const refundable = await pool.deals.pastDeadline(pool.chain.now() - SETTLE_WINDOW_SECONDS);
  const todo = new Set([...refundable, ...(await pool.deals.notEntered())]);
  for (const dealId of todo) await pool.wake.deal(dealId);
}

/** Running tasks that nobody works on: the wake that should have moved them on was lost. */
async function wakeStranded(pool: PoolContext): Promise<void> {
  for (let lane = 0; lane < pool.config.lanes; lane++) {
    const tasks = await pool.tasks.getAll(await pool.tasks.someIn(lane, "running", LOOKED_AT));
    const stranded = tasks.filter(({ votes }) => !votes.some(isWorking));
    await Promise.all(stranded.map(({ taskId }) => pool.wake.task(taskId)));
  }
}

async function wakeLanes(pool: PoolContext): Promise<void> {
  for (let lane = 0; lane < pool.config.lanes; lane++) await pool.wake.lane(lane);
}

async function removeBlobs(pool: PoolContext): Promise<void> {
  for (const sha256 of await pool.ledger.stale(pool.clock.now())) {
    await pool.blobs.remove(sha256);
    await pool.ledger.forget(sha256);
  }
  await pool.blobs.removeDrafts(Date.now() - DRAFT_MS);
}

/** Workers that have not been heard of for as long as anything is kept. */
async function forgetWorkers(pool: PoolContext): Promise<void> {
  const time = pool.clock.now() - pool.config.retentionMs;
  for (const worker of await pool.workers.heardBefore(time)) await pool.workers.forget(worker, time);
}

/** Apps of which no task has been admitted for as long as anything is kept. */
async function forgetApps(pool: PoolContext): Promise<void> {
  await pool.apps.forgetBefore(pool.clock.now() - pool.config.retentionMs);
}

/** Deals that ended long ago, with all their tasks. */
async function forgetDeals(pool: PoolContext): Promise<void> {
  for (const dealId of await pool.deals.endedBefore(pool.clock.now() - pool.config.retentionMs)) {
    const record = await pool.deals.get(dealId);
    for (const taskIds of record ? chunksOfTasks(record) : []) {
      await Promise.all(taskIds.map((taskId) => pool.tasks.forget(taskId)));
    }
    await pool.deals.forget(dealId);
  }
}
