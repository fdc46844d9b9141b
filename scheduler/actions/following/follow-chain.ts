import type { GridEvent } from "../../../chain/events.ts";
import { dealIdOf, taskIdOf } from "../../../protocol/deal.ts";
import type { Deal } from "../../../protocol/deal.ts";
import type { Hash } from "../../../protocol/primitives.ts";
import type { KeptVote } from "../../../protocol/settlement.ts";
import { endTask, isTerminal, newTask } from "../../domain/tasks/task-state.ts";
import { termsOf } from "../../domain/tasks/task-terms.ts";
import { isDealOver } from "../../store/tasks/deal-store.ts";
import { applyVerdicts, closeIfDone, dropWorking } from "../hearing/apply-verdict.ts";
import { chunksOfTasks } from "../tasks-of-deal.ts";
import { keepVotes, openKeptVote, withholdVote } from "./keep-votes.ts";
import type { PoolContext } from "../context.ts";

/** Takes in one confirmed event. Idempotent: after a crash or a reorganisation events come again. */
export async function followEvent(pool: PoolContext, event: GridEvent): Promise<void> {
  switch (event.kind) {
    case "DealOpened":
      return dealOpened(pool, event.deal);
    case "TaskSettled":
      return taskSettled(pool, event.dealId, event.index, event.digest);
    case "TaskKept":
      return taskKept(pool, event.dealId, event.index, event.votes);
    case "VoteWithheld":
      return withholdVote(pool, event.taskId, event.worker);
    case "VoteOpened":
      return openKeptVote(pool, event.taskId, event);
    case "DealDeclined":
      return dealOver(pool, event.dealId, "declined");
    case "DealClaimed":
      return dealOver(pool, event.dealId, "claimed");
    default:
      return;
  }
}

async function dealOpened(pool: PoolContext, deal: Deal): Promise<void> {
  if (deal.pool !== pool.config.pool) return;
  const dealId = dealIdOf(deal);
  const isNew = await pool.deals.create({ dealId, deal, stage: "seen" });
  await pool.wake.deal(dealId);
  if (isNew) pool.log.info({ deal: dealId, tasks: deal.volume, requester: deal.requester }, "deal seen");
}

async function taskSettled(pool: PoolContext, dealId: Hash, index: number, digest: Hash): Promise<void> {
  const taskId = taskIdOf(dealId, index);
  const task = await pool.tasks.get(taskId);
  if (task && !isTerminal(task.state)) await applyVerdicts(pool, [{ kind: "settled", taskId, digest }]);
  await closeIfDone(pool, dealId);
}

/** A pool that has lost its state hears of kept votes before it has taken in their deal. */
async function taskKept(pool: PoolContext, dealId: Hash, index: number, votes: readonly KeptVote[]): Promise<void> {
  const record = await pool.deals.get(dealId);
  if (!record || isDealOver(record)) return;
  await pool.tasks.create(newTask(dealId, index, termsOf(record.deal), pool.chain.now()));
  await keepVotes(pool, taskIdOf(dealId, index), votes, false);
}

async function dealOver(pool: PoolContext, dealId: Hash, how: "declined" | "claimed"): Promise<void> {
  const record = await pool.deals.get(dealId);
  if (!record) return;
  const why = record.note === undefined ? "" : `: ${record.note}`;
  for (const taskIds of chunksOfTasks(record))
    await Promise.all(taskIds.map((taskId) => taskOver(pool, taskId, how, why)));
  // Last, so that a deal which is over has no task that is not.
  await pool.deals.update(dealId, { stage: how === "declined" ? "declined" : "closed" });
}

async function taskOver(pool: PoolContext, taskId: Hash, how: "declined" | "claimed", why: string): Promise<void> {
  const before = await pool.tasks.get(taskId);
  const at = pool.chain.now();
  const over = await pool.tasks.update(taskId, (task) => endTask(task, how, at, `the deal was ${how} on chain${why}`));
  if (before && over) await dropWorking(pool, before);
}
