import type { Hash } from "../../protocol/primitives.ts";
import { moveEpoch } from "../domain/epochs/epoch-state.ts";
import type { EpochRecord } from "../domain/epochs/epoch-state.ts";
import { moveTask } from "../domain/tasks/task-state.ts";
import type { TaskRecord } from "../domain/tasks/task-state.ts";
import { withMovedVotes } from "../domain/votes/task-votes.ts";
import { agreedTag } from "../domain/votes/votes-needed.ts";
import type { PoolContext } from "../actions/context.ts";
import type { Next } from "./next.ts";

/** Gives an epoch up: its votes stand as computed again, and its tasks wait for the next epoch or for more votes. */
export async function abandonEpoch(pool: PoolContext, record: EpochRecord, note: string): Promise<Next> {
  for (const { taskId } of record.tasks) await releaseTask(pool, taskId, note);
  await pool.epochs.put(record, moveEpoch(record, "abandoned", { note }));
  pool.log.warn({ lane: record.lane, epoch: record.epoch, note }, "epoch abandoned");
  return "again";
}

/** Takes a task out of its epoch with all its votes. */
async function releaseTask(pool: PoolContext, taskId: Hash, note: string): Promise<void> {
  const at = pool.chain.now();
  const task = await pool.tasks.update(taskId, (current) =>
    current.state === "sealed" ? released(current, at, note) : undefined,
  );
  if (task?.state === "planned") await pool.wake.task(taskId);
}

function released(task: TaskRecord, at: number, note: string): TaskRecord {
  const { uploadsFailed: _failed, waitingFor: _held, ...kept } = task;
  const votes = withMovedVotes(kept, ({ state }) => state === "balloted" || state === "opened", "computed", at);
  return moveTask(votes, agreedTag(votes) === undefined ? "planned" : "agreed", at, note);
}
