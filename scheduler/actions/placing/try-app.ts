import { appAt, newApp, withProbe } from "../../domain/apps/app-standing.ts";
import type { AppRecord } from "../../domain/apps/app-standing.ts";
import { verdictOf } from "../../domain/apps/answers.ts";
import { isOnTrial, isProbing, mayBeProbed, maySucceed, withTrial } from "../../domain/apps/trial.ts";
import type { Trial } from "../../domain/apps/trial.ts";
import { place } from "../../domain/placement/placement.ts";
import type { Placement } from "../../domain/placement/placement.ts";
import type { TaskRecord } from "../../domain/tasks/task-state.ts";
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
  if (app?.standing === "refused") return turnAway(pool, task, app);
  const trial = app?.standing === "known" ? undefined : trialIn(pool, task, await placementOf(pool, task, deal));
  if (trial !== "probe") return { task: await leftTrial(pool, task, trial) };
  return (await joinProbes(pool, task, deal)) ? { task: withTrial(task, trial) } : { waits: ON_PROBATION };
}

/** What is under way of a refused app waits for the refund, which comes at once while the deal may be given back. */
async function turnAway(pool: PoolContext, task: TaskRecord, app: AppRecord): Promise<Admission> {
  if (isOnTrial(task)) await stored(pool, task, "told");
  if (pool.chain.now() < task.terms.sealAfter) await pool.wake.deal(task.dealId);
  return { waits: refusalText(app) };
}

/** The same without changing anything: for those who ask. */
export async function trialOf(pool: PoolContext, task: TaskRecord, deal: DealRecord): Promise<Admission> {
  const app = await appOf(pool, deal);
  if (app?.standing === "refused") return { waits: refusalText(app) };
  const trial = app?.standing === "known" ? undefined : trialIn(pool, task, await placementOf(pool, task, deal));
  const joins = withProbe(app ?? unseen(deal, pool.clock.now()), task.taskId, []).probes.includes(task.taskId);
  return trial !== "probe" || joins ? { task: withTrial(task, trial) } : { waits: ON_PROBATION };
}

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
  if (task.trial === "free" || task.trial === "told") return task.trial;
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
  const live = (await pool.tasks.getAll(probes)).filter(isProbing).map((probe) => probe.taskId);
  const over = probes.filter((probe) => !live.includes(probe));
  const now = pool.clock.now();
  const { after } = await pool.apps.change(deal.image!, (record = unseen(deal, now)) =>
    withProbe(appAt(record, now), taskId, over),
  );
  return after.probes.includes(taskId);
}
