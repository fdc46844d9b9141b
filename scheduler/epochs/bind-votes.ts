import type { Address, Hash } from "../../protocol/primitives.ts";
import type { PoolContext } from "../actions/context.ts";
import { inChunks } from "../actions/in-chunks.ts";
import { noteEnding } from "../actions/following/note-ending.ts";
import { reconsidered } from "../domain/votes/after-votes.ts";
import type { EpochRecord } from "../domain/epochs/epoch-state.ts";
import { moveTask } from "../domain/tasks/task-state.ts";
import type { TaskRecord } from "../domain/tasks/task-state.ts";
import { withMovedVotes } from "../domain/votes/task-votes.ts";
import type { Vote } from "../domain/votes/vote-state.ts";

/**
 * Votes that stand in a ballot of the epoch are balloted; the others of those asked are lost, and their tasks may need more
 * votes. Follows from the epoch's record alone, so that it may be done again after a crash.
 */
export async function bindVotes(pool: PoolContext, record: EpochRecord): Promise<void> {
  const voters = workersByTask(record.ballots.map(({ worker, votes }) => [worker, votes.map(({ taskId }) => taskId)]));
  const asked = workersByTask(Object.entries(record.asked) as [Address, readonly Hash[]][]);
  const none: ReadonlySet<Address> = new Set();
  await inChunks(record.tasks, ({ taskId, byKept = false }) =>
    bindTask(pool, { taskId, byKept, voters: voters.get(taskId) ?? none, asked: asked.get(taskId) ?? none }),
  );
}

function workersByTask(
  tasksOf: readonly (readonly [Address, readonly Hash[]])[],
): ReadonlyMap<Hash, ReadonlySet<Address>> {
  const workers = new Map<Hash, Set<Address>>();
  for (const [worker, tasks] of tasksOf) {
    for (const taskId of tasks) workers.set(taskId, (workers.get(taskId) ?? new Set()).add(worker));
  }
  return workers;
}

type Bound = {
  readonly taskId: Hash;
  readonly byKept: boolean;
  readonly voters: ReadonlySet<Address>;
  readonly asked: ReadonlySet<Address>;
};

async function bindTask(pool: PoolContext, { taskId, byKept, voters, asked }: Bound): Promise<void> {
  const at = pool.chain.now();
  const silent: Address[] = [];
  const task = await pool.tasks.update(taskId, (current) => {
    const isSilent = ({ worker, state }: Vote): boolean =>
      state === "computed" && asked.has(worker) && !voters.has(worker);
    silent.splice(0, silent.length, ...current.votes.filter(isSilent).map(({ worker }) => worker));
    const left = withMovedVotes(current, isSilent, "lost", at, { code: "GM_NO_BALLOT" });
    const balloted = withMovedVotes(left, ({ worker }) => voters.has(worker), "balloted", at);
    return voters.size > 0 || byKept ? sealed(balloted, at) : reconsidered(balloted, at);
  });
  for (const worker of task ? silent : []) await noteEnding(pool, worker, "late");
  if (task?.state === "planned") await pool.wake.task(taskId);
}

function sealed(task: TaskRecord, at: number): TaskRecord {
  if (task.state !== "agreed") return task;
  const { waitingFor: _over, ...rest } = task;
  return moveTask(rest, "sealed", at, "ballots are in");
}
