import type { PoolContext } from "../actions/context.ts";
import { inChunks } from "../actions/in-chunks.ts";
import type { TaskRecord } from "../domain/tasks/task-state.ts";
import { isDoubted, withoutDoubted } from "../domain/votes/doubted-votes.ts";
import type { Caught } from "../domain/votes/doubted-votes.ts";

/**
 * Takes back what workers that were caught have answered in other tasks of a lane. To be called between two epochs of the lane
 * alone: then none of its answers stands in a ballot, and the next epoch asks nobody for one. A worker's mark stays until no
 * lane has an open vote of it any more, so that this may be killed and run again at any point.
 */
export async function voidVotes(pool: PoolContext, lane: number): Promise<void> {
  for (const caught of await pool.workers.caught()) {
    const tasks = await doubtedTasks(pool, caught);
    const here = tasks.filter(({ terms }) => terms.lane === lane);
    await inChunks(here, (task) => voidVote(pool, task, caught));
    if (here.length > 0) pool.log.warn({ worker: caught.worker, lane, votes: here.length }, "votes taken back");
    if (here.length === tasks.length) await pool.workers.uncaught(caught);
  }
}

async function doubtedTasks(pool: PoolContext, caught: Caught): Promise<readonly TaskRecord[]> {
  const leaseIds = await pool.tasks.heldBy(caught.worker);
  const found = await Promise.all(leaseIds.map((leaseId) => pool.tasks.taskOfLease(leaseId)));
  const tasks = await pool.tasks.getAll(found.filter((taskId) => taskId !== undefined));
  return tasks.filter(({ votes }) => votes.some((vote) => isDoubted(vote, caught)));
}

/** It costs the worker no more than the vote for which it was caught; it is told, so that it does not go on. */
async function voidVote(pool: PoolContext, { taskId, votes }: TaskRecord, caught: Caught): Promise<void> {
  const task = await pool.tasks.update(taskId, (current) => withoutDoubted(current, caught, pool.chain.now()));
  if (task?.state === "planned") await pool.wake.task(taskId);
  const reason = "another vote of this worker was not believed";
  for (const { worker, leaseId } of votes.filter((vote) => isDoubted(vote, caught))) {
    await pool.messenger.send(worker, { type: "drop", leaseId, taskId, reason });
  }
}
