import { paramsHashOf, parseParams } from "../../../protocol/params.ts";
import { SETTLE_WINDOW_SECONDS } from "../../../protocol/constants.ts";
import { dealDeadline } from "../../../protocol/deal.ts";
import type { Deal } from "../../../protocol/deal.ts";
import type { Hash } from "../../../protocol/primitives.ts";
import { endTask, moveTask, newTask } from "../../domain/tasks/task-state.ts";
import type { TaskRecord } from "../../domain/tasks/task-state.ts";
import { MAX_TASKS_PER_DEAL, termsOf } from "../../domain/tasks/task-terms.ts";
import { isDealOver } from "../../store/tasks/deal-store.ts";
import type { DealRecord, HeldDataset } from "../../store/tasks/deal-store.ts";
import type { PoolContext } from "../context.ts";
import { appOf } from "../placing/try-app.ts";
import { provideDataset, provideInputs } from "../provide-inputs.ts";
import { refusalText } from "../refused-app.ts";
import { chunksOfTasks } from "../tasks-of-deal.ts";

/** What cannot be had is asked for again after this long, while the deal is alive. */
const RETRY_MS = 10_000;

/** What a deal needs before its tasks can be leased, or why it cannot be had. */
type Provision =
  { readonly params: string; readonly image: string; readonly dataset?: HeldDataset } | { readonly missing: string };

const DRAINED: Provision = { missing: "the pool drains and takes no new deals" };

/**
 * Takes a deal in: fetches and checks its params, image, inputs and dataset, then enters its tasks. What cannot be had is declined
 * while the grace lasts, else tried again until the deadline; a deal that nobody can settle any more is refunded. Idempotent.
 */
export async function enterDeal(pool: PoolContext, dealId: Hash): Promise<void> {
  const record = await pool.deals.get(dealId);
  if (!record || isDealOver(record)) return;
  const isOpen = await pool.chain.dealIsOpen(dealId);
  if (pool.chain.now() > dealDeadline(record.deal) + SETTLE_WINDOW_SECONDS) return refund(pool, record, isOpen);
  if (!isOpen) return;
  if (record.stage === "entered") return giveBackRefused(pool, record);

  const provision = (await pool.drain.isOn()) ? DRAINED : await provisionOf(pool, record);
  if ("missing" in provision) return giveBack(pool, record, provision.missing);
  const { weights } = parseParams(provision.params);
  await pool.deals.update(dealId, { ...provision, ...(weights === undefined ? {} : { weights }) });
  await enterTasks(pool, record);
  // Last: from now on nothing of the deal is looked for again.
  await pool.deals.update(dealId, { stage: "entered" });
  pool.log.info({ deal: dealId, tasks: record.deal.volume }, "deal entered");
}

/** Sends the refund when the last settlement window has passed, as anybody could. */
async function refund(pool: PoolContext, { dealId, deal }: DealRecord, isOpen: boolean): Promise<void> {
  if (isOpen) await pool.operator.claim(dealId, deal);
  else await pool.deals.update(dealId, { stage: "closed" });
}

function provisionOf(pool: PoolContext, record: DealRecord): Provision | Promise<Provision> {
  const { params, image, dataset } = record;
  if (params === undefined || image === undefined) return provide(pool, record);
  return { params, image, ...(dataset === undefined ? {} : { dataset }) };
}

async function provide(pool: PoolContext, { deal }: DealRecord): Promise<Provision> {
  if (deal.volume > MAX_TASKS_PER_DEAL) return { missing: `it has more than ${MAX_TASKS_PER_DEAL} tasks` };
  if (deal.lane >= pool.config.lanes) return { missing: `lane ${deal.lane} is not one of this pool's` };
  const params = await pool.params.fetch(deal.paramsHash);
  if (params === undefined || paramsHashOf(params) !== deal.paramsHash) return { missing: "nobody has its params" };
  const image = await pool.chain.imageOf(deal.app);
  if (image === undefined) return { missing: "its app does not exist" };
  if ((await pool.images.check(image)) === "missing") return { missing: `its image ${image} is not in its registry` };
  const app = await appOf(pool, { image });
  if (app?.standing === "refused") return { missing: refusalText(app) };
  return await provideFiles(pool, deal, { params, image });
}

type Runnable = Pick<Extract<Provision, { params: string }>, "params" | "image">;

async function provideFiles(pool: PoolContext, deal: Deal, runnable: Runnable): Promise<Provision> {
  try {
    await provideInputs(pool, runnable.params, deal);
    const dataset = await provideDataset(pool, deal);
    return { ...runnable, ...(dataset === undefined ? {} : { dataset }) };
  } catch (error) {
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}

/** What was taken in of an app that has been refused since. */
async function giveBackRefused(pool: PoolContext, record: DealRecord): Promise<void> {
  const app = await appOf(pool, record);
  const { openedAt, grace } = record.deal;
  if (app?.standing === "refused" && pool.chain.now() < openedAt + grace)
    await giveBack(pool, record, refusalText(app));
}

async function giveBack(pool: PoolContext, record: DealRecord, note: string): Promise<void> {
  const { dealId, deal } = record;
  const graceEnd = deal.openedAt + deal.grace;
  // The deal may be heard of before its block has moved our clock.
  if (deal.grace === 0 || pool.chain.now() >= graceEnd) {
    await pool.deals.update(dealId, { stage: "waiting", note });
    if (pool.chain.now() <= dealDeadline(deal)) await pool.wake.deal(dealId, RETRY_MS);
    pool.log.warn({ deal: dealId, note }, "deal cannot be worked on and its grace has passed");
    return;
  }
  // The note first: the watcher may be the one that marks the deal as declined.
  await pool.deals.update(dealId, { note });
  await pool.operator.decline(dealId, deal);
  await pool.deals.update(dealId, { stage: "declined" });
  pool.log.info({ deal: dealId, note }, "deal declined");
}

async function enterTasks(pool: PoolContext, { dealId, deal }: DealRecord): Promise<void> {
  const terms = termsOf(deal);
  let index = 0;
  for (const { length } of chunksOfTasks({ dealId, deal })) {
    const start = index;
    const at = pool.chain.now();
    const tasks = Array.from({ length }, (_unused, offset) => newTask(dealId, start + offset, terms, at));
    await Promise.all(tasks.map(pool.tasks.create));
    // Asked once the tasks are there: what is closed from now on, the watcher brings.
    const someClosed = (await pool.chain.countClosed(dealId)) > 0;
    await Promise.all(tasks.map((task) => planTask(pool, task, someClosed)));
    index += length;
    pool.wake.offers();
  }
}

async function planTask(pool: PoolContext, entered: TaskRecord, someClosed: boolean): Promise<void> {
  const { taskId, dealId, index } = entered;
  const at = pool.chain.now();
  if (someClosed && (await pool.chain.isClosed(dealId, index))) {
    await pool.tasks.update(taskId, (task) => endTask(task, "settled", at, "found closed on chain"), entered);
    return;
  }
  const plan = (task: TaskRecord): TaskRecord | undefined =>
    task.state === "open" ? moveTask(task, "planned", at, "params, image and inputs are here") : undefined;
  await pool.tasks.update(taskId, plan, entered);
}
