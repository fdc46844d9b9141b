import type { Hash } from "../../../protocol/primitives.ts";
import { doubtTask, endTask, isLive, isTerminal } from "../../domain/tasks/task-state.ts";
import type { TaskRecord } from "../../domain/tasks/task-state.ts";
import { ReorganisedError } from "../../errors.ts";
import { isDealOver } from "../../store/tasks/deal-store.ts";
import type { DealRecord } from "../../store/tasks/deal-store.ts";
import type { Doubt } from "../../store/doubts.ts";
import { applyVerdicts, dropWorking } from "../hearing/apply-verdict.ts";
import type { PoolContext } from "../context.ts";
import { chunksOfTasks } from "../tasks-of-deal.ts";

/** A deal that the new branch has not opened by then, in seconds of the chain, is given up. */
const GONE_SECONDS = 600;

/**
 * The chain replaced blocks above `block` that were deep enough to be believed. The operator's transactions of those blocks are
 * sent again, the very same ones, so that nothing is paid twice; what the pool held to be over and is not on this branch is in
 * doubt until they have ended. Idempotent.
 * @returns what to tell the operator
 */
export async function rewindChain(pool: PoolContext, block: number): Promise<ReorganisedError> {
  const intents = await pool.operator.redo(block);
  const doubted: Hash[] = [];
  for (const dealId of await pool.deals.all()) {
    if (!(await isDoubtful(pool, dealId))) continue;
    await pool.doubts.add({ dealId, intents, since: pool.chain.now() });
    doubted.push(dealId);
  }
  return new ReorganisedError(
    `The chain replaced blocks above ${block} that had ${pool.config.confirmations} confirmations and more`,
    {
      details: { block, sentAgain: intents, doubted },
      hint: "The pool repairs what it can; raise GRIDMILL_CONFIRMATIONS if it happens again",
    },
  );
}

/** Whether something of the deal hangs in the air now; if so its documents say it. */
async function isDoubtful(pool: PoolContext, dealId: Hash): Promise<boolean> {
  const record = await pool.deals.get(dealId);
  if (!record) return false;
  if (!(await pool.chain.dealExists(dealId))) return !isDealOver(record);
  if (isDealOver(record)) {
    if (!(await pool.chain.dealIsOpen(dealId))) return false;
    await pool.deals.reopen(dealId);
  }
  return (await doubtTasks(pool, record)) || isDealOver(record);
}

/** Tasks that are over here and not on chain. */
async function doubtTasks(pool: PoolContext, record: DealRecord): Promise<boolean> {
  let found = false;
  for (const taskIds of chunksOfTasks(record)) {
    const over = (await pool.tasks.getAll(taskIds)).filter(({ state }) => isTerminal(state));
    const reopened = await Promise.all(over.map((task) => doubtOne(pool, task)));
    found ||= reopened.includes(true);
  }
  return found;
}

async function doubtOne(pool: PoolContext, { taskId, dealId, index }: TaskRecord): Promise<boolean> {
  if (await pool.chain.isClosed(dealId, index)) return false;
  const at = pool.chain.now();
  const changed = await pool.tasks.update(taskId, (task) =>
    isTerminal(task.state) ? doubtTask(task, at, "a reorganisation removed the block that ended it") : undefined,
  );
  return changed !== undefined;
}

/** Decides the deals in doubt, once what was sent again has ended: what is not over on chain by then goes on. */
export async function settleDoubts(pool: PoolContext): Promise<void> {
  for (const doubt of await pool.doubts.all()) {
    const done = await Promise.all(doubt.intents.map((intent) => pool.operator.isDone(intent)));
    if (done.includes(false)) continue;
    if (await decide(pool, doubt)) await pool.doubts.remove(doubt.dealId);
  }
}

async function decide(pool: PoolContext, { dealId, since }: Doubt): Promise<boolean> {
  const record = await pool.deals.get(dealId);
  if (!record || isDealOver(record)) return true;
  if (await pool.chain.dealExists(dealId)) {
    for (const taskIds of chunksOfTasks(record)) await releaseAll(pool, taskIds);
    await pool.wake.deal(dealId);
    return true;
  }
  if (pool.chain.now() < since + GONE_SECONDS) return false;
  await giveUp(pool, record);
  return true;
}

/** Tasks that wait for no epoch, and that the chain still has open. */
async function releaseAll(pool: PoolContext, taskIds: readonly Hash[]): Promise<void> {
  for (const { taskId, dealId, index, state, terms } of await pool.tasks.getAll(taskIds)) {
    if (state !== "sealed" || (await isInEpoch(pool, terms.lane, taskId))) continue;
    if (!(await pool.chain.isClosed(dealId, index))) await applyVerdicts(pool, [{ kind: "released", taskId }]);
  }
}

async function isInEpoch(pool: PoolContext, lane: number, taskId: Hash): Promise<boolean> {
  const current = await pool.epochs.current(lane);
  const isOver = !current || current.state === "settled" || current.state === "abandoned";
  return !isOver && current.tasks.some((task) => task.taskId === taskId);
}

/** The deal is on no branch any more: nobody will pay for it, so nobody shall compute it. */
async function giveUp(pool: PoolContext, record: DealRecord): Promise<void> {
  const note = "a reorganisation removed the deal from the chain";
  const at = pool.chain.now();
  for (const taskIds of chunksOfTasks(record)) {
    for (const before of await pool.tasks.getAll(taskIds)) {
      if (!isLive(before.state)) continue;
      await pool.tasks.update(before.taskId, (task) => endTask(task, "declined", at, note));
      await dropWorking(pool, before);
    }
  }
  await pool.deals.update(record.dealId, { stage: "declined", note });
  pool.failed("chain watcher", new ReorganisedError(`Deal ${record.dealId} is no more: ${note}`));
  pool.log.error({ deal: record.dealId, note }, "deal given up");
}
