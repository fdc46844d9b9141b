import type { Hash } from "../../../protocol/primitives.ts";
import { pacesOf } from "../../domain/workers/pace.ts";
import { endTask, isTerminal, moveTask } from "../../domain/tasks/task-state.ts";
import type { TaskRecord } from "../../domain/tasks/task-state.ts";
import { withCountedVotes, withMovedVotes } from "../../domain/votes/task-votes.ts";
import type { Vote } from "../../domain/votes/vote-state.ts";
import { agreedTag } from "../../domain/votes/votes-needed.ts";
import type { TaskVerdict } from "../../ports.ts";
import { isDealOver } from "../../store/tasks/deal-store.ts";
import type { PoolContext } from "../context.ts";
import { inChunks } from "../in-chunks.ts";
import { noteEnding } from "../following/note-ending.ts";
import { keepVotes, withholdVote } from "../following/keep-votes.ts";
import { reweigh, standingsOf } from "../standings.ts";
import type { Standings } from "../standings.ts";

/**
 * Notes what the chain did to tasks, whoever finds out first: the settle's own receipt or the watcher. Those of one task are
 * taken in their order, many tasks side by side. Idempotent.
 */
export async function applyVerdicts(pool: PoolContext, verdicts: readonly TaskVerdict[]): Promise<void> {
  const byTask = Map.groupBy(verdicts, ({ taskId }) => taskId);
  const settledOf = new Set<Hash>();
  await inChunks([...byTask.values()], async (ofTask) => {
    for (const verdict of ofTask) await applyVerdict(pool, verdict, settledOf);
  });
  for (const dealId of settledOf) await closeIfDone(pool, dealId);
}

/** @param settledOf gets the deal of a task that is settled */
async function applyVerdict(pool: PoolContext, verdict: TaskVerdict, settledOf: Set<Hash>): Promise<void> {
  switch (verdict.kind) {
    case "settled":
      return applySettled(pool, verdict, settledOf);
    case "kept":
      return keepVotes(pool, verdict.taskId, verdict.votes, true);
    case "withheld":
      return withholdVote(pool, verdict.taskId, verdict.worker);
    case "released":
      return applyOpen(pool, verdict.taskId, "its epoch was settled without it");
    case "skipped":
      return applyOpen(pool, verdict.taskId, `a settle skipped it: ${verdict.reason}`);
  }
}

type Settled = Extract<TaskVerdict, { kind: "settled" }>;

async function applySettled(pool: PoolContext, { taskId, digest }: Settled, settledOf: Set<Hash>): Promise<void> {
  const at = pool.chain.now();
  const task = await pool.tasks.update(taskId, (current) =>
    isTerminal(current.state) ? undefined : settled(current, digest, at),
  );
  if (!task) return;
  pool.log.info({ task: taskId, deal: task.dealId }, "task settled");
  await tellVoters(pool, task, digest);
  settledOf.add(task.dealId);
}

/** An output of another digest than the one that was paid is not its result. */
function settled(task: TaskRecord, digest: Hash, at: number): TaskRecord {
  const { result, ...ended } = endTask(withCountedVotes(task, digest, at), "settled", at, "paid on chain");
  return { ...ended, digest, ...(result !== undefined && task.digest === digest ? { result } : {}) };
}

async function tellVoters(pool: PoolContext, task: TaskRecord, digest: Hash): Promise<void> {
  const { taskId, votes } = task;
  const paces = pacesOf(task);
  // As on chain, whom nobody agrees with has proven nothing.
  const success = votes.filter(({ state }) => state === "agree").length > 1 ? "confirmed" : "success";
  for (const { worker, state } of votes) {
    if (state !== "agree" && state !== "differ") continue;
    await noteEnding(pool, worker, state === "agree" ? success : "disagreed", paces.get(worker));
    await pool.messenger.send(worker, { type: "settled", taskId, digest, agreed: state === "agree" });
  }
  await dropWorking(pool, { taskId, votes });
}

/** Nobody needs to go on with a task that is over. */
export async function dropWorking(
  pool: PoolContext,
  { taskId, votes }: Pick<TaskRecord, "taskId" | "votes">,
): Promise<void> {
  const working = votes.filter(({ state }) => state === "leased" || state === "running" || state === "computed");
  const reason = "the task is over";
  await Promise.all(
    working.map(({ worker, leaseId }) => pool.messenger.send(worker, { type: "drop", leaseId, taskId, reason })),
  );
}

/** The task stays open: opened votes count again, at the scores of now; a worker that kept silent is replaced. */
async function applyOpen(pool: PoolContext, taskId: Hash, note: string): Promise<void> {
  const at = pool.chain.now();
  const before = await pool.tasks.get(taskId);
  if (before?.state !== "sealed") return;
  const standings = await standingsOf(
    pool,
    before.votes.map(({ worker }) => worker),
  );
  const silent = before.votes.filter(({ state }) => state === "balloted").map(({ worker }) => worker);
  const task = await pool.tasks.update(taskId, (current) =>
    current.state === "sealed" ? reopened(current, standings, at, note) : undefined,
  );
  if (!task) return;
  for (const worker of silent) await noteEnding(pool, worker, "late");
  await pool.wake.task(taskId);
}

function reopened(task: TaskRecord, standings: Standings, at: number, note: string): TaskRecord {
  const { uploadsFailed: _failed, ...kept } = task;
  const silent = withMovedVotes(kept, ({ state }) => state === "balloted", "lost", at, { code: "GM_NOT_OPENED" });
  const counted = withMovedVotes(silent, ({ state }) => state === "opened", "computed", at);
  const covered = withMovedVotes(counted, (vote) => isUncovered(task, standings, vote), "lost", at, {
    code: "GM_STAKE_UNCOVERED",
  });
  const weighed = reweigh(covered, standings);
  return moveTask(weighed, agreedTag(weighed) === undefined ? "planned" : "agreed", at, note);
}

/** A vote that its worker cannot answer for counts for nothing on chain. */
function isUncovered({ terms }: TaskRecord, standings: Standings, { state, worker }: Vote): boolean {
  const standing = standings.get(worker);
  return state === "computed" && standing !== undefined && standing.cover < BigInt(terms.stake);
}

/** Marks a deal as closed once the chain has no open task of it, which is asked only where we know of none either. */
export async function closeIfDone(pool: PoolContext, dealId: Hash): Promise<void> {
  if (await pool.tasks.hasLive(dealId)) return;
  const record = await pool.deals.get(dealId);
  if (!record || isDealOver(record)) return;
  if (!(await pool.chain.dealIsOpen(dealId))) await pool.deals.update(dealId, { stage: "closed" });
}
