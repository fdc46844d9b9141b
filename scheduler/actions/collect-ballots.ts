import { byWorker } from "../../protocol/settlement.ts";
import type { Hash } from "../../protocol/primitives.ts";
import { moveEpoch } from "../domain/epoch-state.ts";
import type { EpochRecord, SignedBallot } from "../domain/epoch-state.ts";
import { moveTask } from "../domain/task-state.ts";
import type { TaskRecord } from "../domain/task-state.ts";
import { withMovedVotes } from "../domain/task-votes.ts";
import { agreedTag } from "../domain/votes-needed.ts";
import type { PoolContext } from "./context.ts";
import { ballotLeaf } from "./hear-votes.ts";
import type { Next } from "./run-lane.ts";

/** How often the ballots are counted while some are missing, in milliseconds. */
const COUNT_MS = 500;

/**
 * Waits until every worker that was asked has answered, or the time for it is over. Whatever ballots came are sealed, even
 * if too few for consensus: workers sign nothing new for this epoch until their ballot has lapsed, so dropping it would
 * cost minutes where sealing it costs gas.
 */
export async function collectBallots(pool: PoolContext, record: EpochRecord): Promise<Next> {
  const { lane, epoch, asked, ballotsUntil } = record;
  const answers = await pool.epochs.ballots(lane, epoch);
  const waiting = Object.keys(asked).some((worker) => !answers.has(worker as Hash));
  if (waiting && pool.chain.now() <= ballotsUntil) return { inMs: COUNT_MS };

  const ballots = [...answers.values()].filter((ballot) => ballot !== null).sort(byWorker);
  await moveTasks(pool, record, ballots);
  const moved =
    ballots.length > 0
      ? moveEpoch(record, "sealing", { ballots, leaves: ballots.map(ballotLeaf) })
      : moveEpoch(record, "abandoned", { note: "no worker sent a ballot" });
  await pool.epochs.put(record, moved);
  pool.log.info({ lane, epoch, asked: Object.keys(asked).length, ballots: ballots.length }, "ballots collected");
  return "again";
}

/** Votes that stand in a ballot are balloted; the others of those asked are lost, and their tasks may need more votes. */
async function moveTasks(pool: PoolContext, record: EpochRecord, ballots: readonly SignedBallot[]): Promise<void> {
  const at = pool.chain.now();
  for (const { taskId } of record.tasks) {
    const voters = new Set(
      ballots.filter(({ votes }) => votes.some((vote) => vote.taskId === taskId)).map(({ worker }) => worker),
    );
    const task = await pool.tasks.update(taskId, (current) => {
      const silent = withMovedVotes(
        current,
        ({ worker, state }) => state === "computed" && record.asked[worker] !== undefined && !voters.has(worker),
        "lost",
        at,
        { code: "GM_NO_BALLOT" },
      );
      const balloted = withMovedVotes(silent, ({ worker }) => voters.has(worker), "balloted", at);
      return voters.size > 0 ? sealed(balloted, at) : reconsidered(balloted, at);
    });
    if (task?.state === "planned") await pool.wake.task(taskId);
  }
}

function sealed(task: TaskRecord, at: number): TaskRecord {
  return task.state === "agreed" ? moveTask(task, "sealed", at, "ballots are in") : task;
}

/** An agreed task that has lost votes may no longer be agreed. */
export function reconsidered(task: TaskRecord, at: number): TaskRecord {
  if (task.state !== "agreed" || agreedTag(task) !== undefined) return task;
  return moveTask(task, "planned", at, "wants more votes");
}
