import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";

import { paramsHashOf, parseParams, taskParams } from "../../protocol/params.ts";
import type { Input, Params } from "../../protocol/params.ts";
import { SETTLE_WINDOW_SECONDS } from "../../protocol/constants.ts";
import { dealDeadline, taskIdOf } from "../../protocol/deal.ts";
import type { Deal } from "../../protocol/deal.ts";
import type { Hash } from "../../protocol/primitives.ts";
import { InputUnavailableError } from "../errors.ts";
import { endTask, moveTask, newTask } from "../domain/task-state.ts";
import { MAX_TASKS_PER_DEAL, termsOf } from "../domain/task-terms.ts";
import { isDealOver } from "../store/deal-store.ts";
import type { DealRecord } from "../store/deal-store.ts";
import type { PoolContext } from "./context.ts";
import { chunksOfTasks } from "./tasks-of-deal.ts";

/** What cannot be had is asked for again after this long, while the deal is alive. */
const RETRY_MS = 10_000;
/** An input is fetched within this time or not at all, in milliseconds. */
const FETCH_MS = 300_000;

/** What a deal needs before its tasks can be leased, or why it cannot be had. */
type Provision = { readonly params: string; readonly image: string } | { readonly missing: string };

/**
 * Takes a deal in: fetches and checks its params, image and inputs, then enters its tasks. What cannot be had is declined
 * while the grace lasts, else tried again until the deadline; a deal that nobody can settle any more is refunded. Idempotent.
 */
export async function enterDeal(pool: PoolContext, dealId: Hash): Promise<void> {
  const record = await pool.deals.get(dealId);
  if (!record || isDealOver(record)) return;
  const isOpen = await pool.chain.dealIsOpen(dealId);
  if (pool.chain.now() > dealDeadline(record.deal) + SETTLE_WINDOW_SECONDS) return refund(pool, record, isOpen);
  if (!isOpen || record.stage === "entered") return;

  const provision = await provisionOf(pool, record);
  if ("missing" in provision) return giveBack(pool, record, provision.missing);
  await pool.deals.update(dealId, provision);
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
  const { params, image } = record;
  return params !== undefined && image !== undefined ? { params, image } : provide(pool, record);
}

async function provide(pool: PoolContext, { deal }: DealRecord): Promise<Provision> {
  if (deal.volume > MAX_TASKS_PER_DEAL) return { missing: `it has more than ${MAX_TASKS_PER_DEAL} tasks` };
  if (deal.lane >= pool.config.lanes) return { missing: `lane ${deal.lane} is not one of this pool's` };
  const params = await pool.params.fetch(deal.paramsHash);
  if (params === undefined || paramsHashOf(params) !== deal.paramsHash) return { missing: "nobody has its params" };
  const image = await pool.chain.imageOf(deal.app);
  if (image === undefined) return { missing: "its app does not exist" };
  if ((await pool.images.check(image)) === "missing") return { missing: `its image ${image} is not in its registry` };
  const fault = await inputFault(pool, params, deal);
  return fault === undefined ? { params, image } : { missing: fault };
}

async function inputFault(pool: PoolContext, text: string, deal: Deal): Promise<string | undefined> {
  try {
    const inputs = inputsOf(parseParams(text), deal.volume);
    const bytes = inputs.reduce((sum, input) => sum + input.bytes, 0);
    if (bytes > pool.config.blobQuotaBytes) return `its inputs are ${bytes} bytes, more than this pool keeps for one`;
    for (const input of inputs) await ensureInput(pool, input, dealDeadline(deal));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Every different input of a deal's tasks, once. */
function inputsOf(params: Params, volume: number): readonly Input[] {
  const count = params.tasks ? Math.min(volume, params.tasks.length) : 1;
  const all = Array.from({ length: count }, (_unused, index) => taskParams(params, index)?.inputs ?? []).flat();
  return [...new Map(all.map((input) => [input.sha256, input])).values()];
}

/** Has an input among the pool's blobs, kept as long as the deal may need it. */
async function ensureInput(pool: PoolContext, input: Input, deadline: number): Promise<void> {
  // Before the download, so that what a dead process leaves is found again.
  await pool.ledger.keep(input.sha256, Math.max(Date.now() + pool.config.retentionMs, deadline * 1_000));
  const held = await pool.blobs.size(input.sha256);
  if (held === undefined) await download(pool, input);
  else if (held !== input.bytes) throw unavailable(input, `has ${held} bytes, not ${input.bytes}`);
}

async function download(pool: PoolContext, input: Input): Promise<void> {
  if (input.url === undefined) throw unavailable(input, "was not uploaded to this pool");
  const answer = await fetch(input.url, { signal: AbortSignal.timeout(FETCH_MS) }).catch((cause: unknown) => {
    throw unavailable(input, "cannot be fetched from its URL", cause);
  });
  if (!answer.ok || !answer.body) throw unavailable(input, `is not at its URL (HTTP ${answer.status})`);
  const declared = answer.headers.get("content-length");
  if (declared !== null && Number(declared) !== input.bytes) {
    await answer.body.cancel();
    throw unavailable(input, `has ${declared} bytes at its URL, not ${input.bytes}`);
  }
  await pool.blobs.write(input.sha256, Readable.fromWeb(answer.body as ReadableStream), input.bytes);
}

function unavailable(input: Input, why: string, cause?: unknown): InputUnavailableError {
  return new InputUnavailableError(`Input ${input.name} (${input.sha256.slice(0, 12)}…) ${why}`, { cause });
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

async function enterTasks(pool: PoolContext, record: DealRecord): Promise<void> {
  let index = 0;
  for (const taskIds of chunksOfTasks(record)) {
    const start = index;
    await Promise.all(taskIds.map((_taskId, offset) => enterTask(pool, record, start + offset)));
    index += taskIds.length;
  }
}

async function enterTask(pool: PoolContext, { dealId, deal }: DealRecord, index: number): Promise<void> {
  const at = pool.chain.now();
  const taskId = taskIdOf(dealId, index);
  await pool.tasks.create(newTask(dealId, index, termsOf(deal), at));
  if (await pool.chain.isClosed(dealId, index)) {
    await pool.tasks.update(taskId, (task) => endTask(task, "settled", at, "found closed on chain"));
    return;
  }
  await pool.tasks.update(taskId, (task) =>
    task.state === "open" ? moveTask(task, "planned", at, "params, image and inputs are here") : undefined,
  );
  await pool.wake.task(taskId);
}
