import type { Hash } from "../../../protocol/primitives.ts";
import { appAt, newApp, withProbe } from "../../domain/apps/app-standing.ts";
import type { AppRecord } from "../../domain/apps/app-standing.ts";
import { verdictOf } from "../../domain/apps/answers.ts";
import { isOnTrial, isProbing, mayBeProbed, maySucceed, withTrial } from "../../domain/apps/trial.ts";
import type { Trial } from "../../domain/apps/trial.ts";
import { place } from "../../domain/placement/placement.ts";
import type { Placement } from "../../domain/placement/placement.ts";
import type { TaskRecord } from "../../domain/tasks/task-state.ts";
import { isAnswered } from "../../domain/votes/vote-state.ts";
import type { DealRecord } from "../../store/tasks/deal-store.ts";
import type { PoolContext } from "../context.ts";
import { refusalText } from "../refused-app.ts";
import { judgeApp } from "../hearing/judge-app.ts";
import { candidatesOf, demandOf } from "./candidates.ts";

/** How a task is placed, given what the pool knows of its app; or why it is not. */
export type Admission = { readonly task: TaskRecord } | { readonly waits: string };

/**
 * Admits a task to placement. Of an app that the pool does not know yet, a few tasks are compared first and the others wait,
 * where two trusted workers on different machines can be had; what is refused is given back while it may be.
 */
export async function admitTask(pool: PoolContext, task: TaskRecord, deal: DealRecord): Promise<Admission> {
  if (isOnTrial(task) && verdictOf(task) !== undefined) await judgeApp(pool, task); // its process may have died before
  const app = await appOf(pool, deal);
  if (app?.standing === "refused") await turnAway(pool, task, app);
  const admission = await trialUnder(pool, task, deal, app);
  if ("waits" in admission) return admission;
  if (app) await pool.apps.touch(app.image);
  const { trial } = admission.task;
  if (trial !== "probe") return { task: await leftTrial(pool, task, trial) };
  return (await joinProbes(pool, task, deal)) ? admission : { waits: ON_PROBATION };
}

/** The same without changing anything: for those who ask. */
export async function trialOf(pool: PoolContext, task: TaskRecord, deal: DealRecord): Promise<Admission> {
  const app = await appOf(pool, deal);
  const admission = await trialUnder(pool, task, deal, app);
  if ("waits" in admission || admission.task.trial !== "probe") return admission;
  const known = app ?? unseen(deal, pool.clock.now());
  const joined = withProbe(known, task.taskId, await overOf(pool, known.probes));
  return joined.probes.includes(task.taskId) ? admission : { waits: ON_PROBATION };
}

async function trialUnder(
  pool: PoolContext,
  task: TaskRecord,
  deal: DealRecord,
  app: AppRecord | undefined,
): Promise<Admission> {
  if (app?.standing === "refused") return { waits: refusalText(app) };
  if (task.trial === "disputed") return { waits: DISPUTED };
  if (app?.standing === "known") return { task: withTrial(task, undefined) };
  return { task: withTrial(task, trialIn(pool, task, await placementOf(pool, task, deal))) };
}

/** What is under way of a refused app waits for the refund, which comes at once while the deal may be given back. */
async function turnAway(pool: PoolContext, task: TaskRecord, app: AppRecord): Promise<void> {
  if (isOnTrial(task)) await stored(pool, task, verdictOf(task) === "disputed" ? "disputed" : "told");
  const isUnnamed = app.dispute?.files.length === 0 && pool.clock.now() < app.since + NAMING_MS;
  if (isUnnamed && app.dispute.taskId === task.taskId) await askForManifests(pool, task);
  await giveBackSoon(pool, task, isUnnamed);
}

/** Later while the files that differ may yet be named: once it is given back nobody is told more. */
async function giveBackSoon(pool: PoolContext, { dealId, terms }: TaskRecord, isUnnamed: boolean): Promise<void> {
  const leftMs = (terms.sealAfter - pool.chain.now()) * 1_000;
  if (leftMs > 0) await pool.wake.deal(dealId, isUnnamed && leftMs > 2 * NAMING_MS ? NAMING_MS : 0);
}

/** Of all who answered; asked again whenever the task is looked at, since a message may be lost. */
async function askForManifests(pool: PoolContext, { taskId, votes }: TaskRecord): Promise<void> {
  const answered = votes.filter(isAnswered);
  await Promise.all(answered.map(({ worker }) => pool.messenger.send(worker, { type: "manifest?", taskId })));
}

/** How long workers have to show in what their answers differ before deals are given back without that, in milliseconds. */
const NAMING_MS = 10_000;
const DISPUTED =
  "its app was once refused over it, and its votes were given up: its price is refunded after its deadline";
const ON_PROBATION =
  "its app is new here, and waits until trusted workers have given the same answer to one of its tasks";

/** What is known of a deal's app as of now; undefined where the pool has not seen it. */
export async function appOf(pool: PoolContext, { image }: Pick<DealRecord, "image">): Promise<AppRecord | undefined> {
  const record = image === undefined ? undefined : await pool.apps.get(image);
  return record && appAt(record, pool.clock.now());
}

/** A deal's app as one that the pool has not seen. */
function unseen({ deal, image }: Pick<DealRecord, "deal" | "image">, now: number): AppRecord {
  return newApp({ image: image!, app: deal.app.toString() }, now);
}

function trialIn({ chain }: PoolContext, task: TaskRecord, placement: Placement): Trial {
  if (task.trial !== undefined && task.trial !== "probe") return task.trial;
  const can = task.trial === "probe" ? maySucceed : mayBeProbed;
  return can(task, placement, chain.now()) ? "probe" : "free";
}

async function placementOf(pool: PoolContext, task: TaskRecord, deal: DealRecord): Promise<Placement> {
  return place(task, demandOf(pool, deal), candidatesOf(await pool.crowd.recent(), task));
}

/** The task with another trial; written at once where a probe is one no more, since that decides what its votes are worth. */
async function leftTrial(pool: PoolContext, task: TaskRecord, trial: Trial | undefined): Promise<TaskRecord> {
  return task.trial === "probe" ? stored(pool, task, trial) : withTrial(task, trial);
}

async function stored(pool: PoolContext, task: TaskRecord, trial: Trial | undefined): Promise<TaskRecord> {
  const { taskId } = task;
  return (await pool.tasks.update(taskId, (current) => withTrial(current, trial))) ?? withTrial(task, trial);
}

/** Whether the task is one of those that are compared, from now on or before. */
async function joinProbes(pool: PoolContext, { taskId }: TaskRecord, deal: DealRecord): Promise<boolean> {
  const probes = (await pool.apps.get(deal.image!))?.probes ?? [];
  if (probes.includes(taskId)) return true;
  const over = await overOf(pool, probes);
  const now = pool.clock.now();
  const { after } = await pool.apps.change(deal.image!, (record = unseen(deal, now)) =>
    withProbe(appAt(record, now), taskId, over),
  );
  return after.probes.includes(taskId);
}

/** Those of these tasks that are compared no more. */
async function overOf(pool: PoolContext, probes: readonly Hash[]): Promise<readonly Hash[]> {
  const live = (await pool.tasks.getAll(probes)).filter(isProbing).map(({ taskId }) => taskId);
  return probes.filter((probe) => !live.includes(probe));
}
