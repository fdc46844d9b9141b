import type { Hash } from "../../protocol/primitives.ts";
import { endTask, isTerminal, moveTask } from "../domain/task-state.ts";
import type { TaskRecord } from "../domain/task-state.ts";
import { withCountedVotes, withMovedVotes } from "../domain/task-votes.ts";
import { agreedTag } from "../domain/votes-needed.ts";
import type { TaskVerdict } from "../ports.ts";
import type { PoolContext } from "./context.ts";

/** Notes what the chain did to a task, whoever finds out first: the settle's own receipt or the watcher. Idempotent. */
export async function applyVerdict(pool: PoolContext, verdict: TaskVerdict): Promise<void> {
  switch (verdict.kind) {
    case "settled":
      return applySettled(pool, verdict.taskId, verdict.digest);
    case "left-open":
      return applyOpen(pool, verdict.taskId, "a settle left it open");
    case "skipped":
      return applyOpen(pool, verdict.taskId, `a settle skipped it: ${verdict.reason}`);
  }
}

async function applySettled(pool: PoolContext, taskId: Hash, digest: Hash): Promise<void> {
  const at = pool.chain.now();
  const task = await pool.tasks.update(taskId, (current) =>
    isTerminal(current.state)
      ? undefined
      : { ...endTask(withCountedVotes(current, digest, at), "settled", at, "paid on chain"), digest },
  );
  if (!task) return;
  pool.log.info({ task: taskId, deal: task.dealId }, "task settled");
  await tellVoters(pool, task, digest);
  await closeIfDone(pool, task.dealId);
}

async function tellVoters(pool: PoolContext, { taskId, votes }: TaskRecord, digest: Hash): Promise<void> {
  for (const { worker, state } of votes) {
    if (state !== "agree" && state !== "differ") continue;
    await pool.workers.count(worker, state === "agree" ? "good" : "bad");
    await pool.messenger.send(worker, { type: "settled", taskId, digest, agreed: state === "agree" });
  }
  await dropWorking(pool, { taskId, votes });
}

/** Nobody needs to go on with a task that is over. */
async function dropWorking(pool: PoolContext, { taskId, votes }: Pick<TaskRecord, "taskId" | "votes">): Promise<void> {
  const working = votes.filter(({ state }) => state === "leased" || state === "running" || state === "computed");
  const reason = "the task is over";
  await Promise.all(
    working.map(({ worker, leaseId }) => pool.messenger.send(worker, { type: "drop", leaseId, taskId, reason })),
  );
}

/** The task stays open: opened votes count again, a worker that kept silent is replaced. */
async function applyOpen(pool: PoolContext, taskId: Hash, note: string): Promise<void> {
  const at = pool.chain.now();
  const task = await pool.tasks.update(taskId, (current) =>
    current.state === "sealed" ? reopened(current, at, note) : undefined,
  );
  if (task) await pool.wake.task(taskId);
}

function reopened(task: TaskRecord, at: number, note: string): TaskRecord {
  const { digest: _digest, uploadsFailed: _failed, ...kept } = task;
  const silent = withMovedVotes(kept, ({ state }) => state === "balloted", "lost", at, { code: "GM_NOT_OPENED" });
  const counted = withMovedVotes(silent, ({ state }) => state === "opened", "computed", at);
  return moveTask(counted, agreedTag(counted) === undefined ? "planned" : "agreed", at, note);
}

/** Marks a deal as closed once the chain has no open task of it. */
export async function closeIfDone(pool: PoolContext, dealId: Hash): Promise<void> {
  const record = await pool.deals.get(dealId);
  if (!record || record.stage === "closed" || record.stage === "declined") return;
  if (!(await pool.chain.dealIsOpen(dealId))) await pool.deals.put({ ...record, stage: "closed" });
}
