import type { GridEvent } from "../../chain/events.ts";
import { dealIdOf, taskIdOf } from "../../protocol/deal.ts";
import type { Deal } from "../../protocol/deal.ts";
import type { Hash } from "../../protocol/primitives.ts";
import { endTask } from "../domain/task-state.ts";
import { applyVerdict, closeIfDone } from "./apply-verdict.ts";
import type { PoolContext } from "./context.ts";

/** Takes in one confirmed event. Idempotent: after a crash or a reorganisation events come again. */
export async function followEvent(pool: PoolContext, event: GridEvent): Promise<void> {
  switch (event.kind) {
    case "DealOpened":
      return dealOpened(pool, event.deal);
    case "TaskSettled":
      return taskSettled(pool, event.dealId, event.index, event.digest);
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
  if (await pool.deals.get(dealId)) return pool.wake.deal(dealId);
  await pool.deals.put({ dealId, deal, stage: "seen" });
  await pool.wake.deal(dealId);
  pool.log.info({ deal: dealId, tasks: deal.volume, requester: deal.requester }, "deal seen");
}

async function taskSettled(pool: PoolContext, dealId: Hash, index: number, digest: Hash): Promise<void> {
  const taskId = taskIdOf(dealId, index);
  if (await pool.tasks.get(taskId)) await applyVerdict(pool, { kind: "settled", taskId, digest });
  await closeIfDone(pool, dealId);
}

async function dealOver(pool: PoolContext, dealId: Hash, how: "declined" | "claimed"): Promise<void> {
  const record = await pool.deals.get(dealId);
  if (!record) return;
  await pool.deals.put({ ...record, stage: how === "declined" ? "declined" : "closed" });
  const at = pool.chain.now();
  for (let index = 0; index < record.deal.volume; index++) {
    await pool.tasks.update(taskIdOf(dealId, index), (task) => endTask(task, how, at, `the deal was ${how} on chain`));
  }
}
