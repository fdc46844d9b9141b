import { rememberingFor } from "../../chain/remembering-for.ts";
import { SETTLE_WINDOW_SECONDS } from "../../protocol/constants.ts";
import { GridmillError } from "../../protocol/errors.ts";
import { jointHashOf } from "../../protocol/ballot.ts";
import type { Hash } from "../../protocol/primitives.ts";
import { moveEpoch, SEAL_LOST } from "../domain/epochs/epoch-state.ts";
import type { EpochRecord } from "../domain/epochs/epoch-state.ts";
import { carriedVotes } from "../domain/votes/kept-votes.ts";
import { withOpenedVotes } from "../domain/epochs/opened-votes.ts";
import { planSettle } from "../domain/epochs/settle-plan.ts";
import type { Openings, SettlePlan } from "../domain/epochs/settle-plan.ts";
import type { TaskRecord } from "../domain/tasks/task-state.ts";
import type { TaskVerdict } from "../ports.ts";
import { abandonEpoch } from "./abandon-epoch.ts";
import { canBeOpened } from "./can-be-opened.ts";
import type { PoolContext } from "../actions/context.ts";
import { applyVerdicts } from "../actions/hearing/apply-verdict.ts";
import type { Next } from "./next.ts";
import { readPreimages } from "./read-preimages.ts";
import { clearHold } from "./note-hold.ts";
import { isSealLost } from "./seal-lost.ts";

/** How often the first block after the seal is looked for, in milliseconds. */
const LATER_BLOCK_MS = 100;

/** Sends the one transaction that pays for the epoch, in a later second than its seal, then notes what it did to each task. */
export async function settleEpoch(pool: PoolContext, record: EpochRecord): Promise<Next> {
  const { lane, epoch, sealedAt } = record;
  if (pool.chain.now() <= sealedAt!) return { inMs: LATER_BLOCK_MS };
  const isOver = pool.chain.now() > sealedAt! + SETTLE_WINDOW_SECONDS;
  if (isOver && !(await wasSettled(pool, record))) return abandonEpoch(pool, record, "its window has passed");

  const openings = await pool.epochs.openings(lane, epoch);
  const tasks = await openVotes(pool, record, openings);
  try {
    const sealed = { epoch, sealedAt: sealedAt! };
    const verdicts = await pool.operator.settle(await plan(pool, record, { openings, tasks }), sealed);
    await clearHold(pool, record);
    const saying = { ...pool, log: pool.log.child({ lane, epoch }) };
    await applyVerdicts(saying, withUnnamed(record, verdicts));
    await pool.epochs.put(record, moveEpoch(record, "settled", { note: summary(verdicts) }));
    pool.log.info({ lane, epoch, outcome: summary(verdicts) }, "epoch settled");
    return "again";
  } catch (error) {
    if (!(error instanceof GridmillError) || error.retryable) throw error;
    const next = await afterRefusal(pool, record);
    if (next === undefined) throw error;
    return next;
  }
}

/** What the chain says of an epoch whose settle was refused; undefined when that does not explain it. */
async function afterRefusal(pool: PoolContext, record: EpochRecord): Promise<Next | undefined> {
  if (await isSealLost(pool, record)) return abandonEpoch(pool, record, SEAL_LOST);
  if (await wasSettled(pool, record)) return noteSettled(pool, record);
  return (await wasSealedAnew(pool, record)) ? "again" : undefined;
}

async function wasSettled(pool: PoolContext, { lane, epoch }: EpochRecord): Promise<boolean> {
  const last = await pool.chain.lastEpoch(lane);
  return last.epoch > epoch || (last.epoch === epoch && last.settled);
}

/**
 * Whether a reorganisation put the seal into a block of another second, which is noted: a settle is named by it, so that the one
 * that was refused on the way is not all that can be sent.
 */
async function wasSealedAnew(pool: PoolContext, record: EpochRecord): Promise<boolean> {
  const { epoch, sealedAt, jointHash } = await pool.chain.lastEpoch(record.lane);
  const isOurs = epoch === record.epoch && jointHash === jointHashOf(record.leaves);
  if (!isOurs || sealedAt === record.sealedAt) return false;
  await pool.epochs.put(record, { ...record, sealedAt });
  pool.log.warn({ lane: record.lane, epoch, sealedAt }, "epoch sealed anew");
  return true;
}

/** Another process settled it first: the watcher brings what was settled and what was kept, the rest goes on. */
async function noteSettled(pool: PoolContext, record: EpochRecord): Promise<Next> {
  for (const { taskId, dealId, index } of record.tasks) {
    if (!(await pool.chain.isClosed(dealId, index))) await applyVerdicts(pool, [{ kind: "released", taskId }]);
  }
  await pool.epochs.put(record, moveEpoch(record, "settled", { note: "found settled on chain" }));
  return "again";
}

/** What there is to be settled. */
type Opened = { readonly openings: Openings; readonly tasks: readonly TaskRecord[] };

async function plan(pool: PoolContext, record: EpochRecord, { openings, tasks }: Opened): Promise<SettlePlan> {
  const preimages = await readPreimages(pool, tasks);
  const deals = await pool.deals.dealsOf(tasks.map(({ dealId }) => dealId));
  const undelivered = new Set<Hash>();
  // Each voter is asked for once a settle.
  const voters = { scoreNow: rememberingFor(Infinity, pool.chain.scoreNow) };
  for (const task of tasks) {
    // Where blocks share a second, a seal may come in the last one of the grace: the chain skips the task, and learns nothing of it.
    const isEarly = record.sealedAt! <= task.terms.sealAfter;
    if (isEarly || !(await canBeOpened(voters, task, openings, preimages))) undelivered.add(task.taskId);
  }
  const kept = new Map(tasks.map((task) => [task.taskId, carriedVotes(task)]));
  return planSettle(record, openings, { deals, undelivered, preimages, kept });
}

/** Before the settle, so that whoever hears of its outcome first knows who voted for what: openings that came late, most often none. */
async function openVotes(pool: PoolContext, record: EpochRecord, openings: Openings): Promise<readonly TaskRecord[]> {
  const at = pool.chain.now();
  const tasks = await pool.tasks.getAll(record.tasks.map(({ taskId }) => taskId));
  const opened = (task: TaskRecord): TaskRecord => withOpenedVotes(task, openings, at);
  return Promise.all(tasks.map(async (task) => (await pool.tasks.update(task.taskId, opened, task)) ?? task));
}

/** Tasks of the epoch that were not in the settle go on as they were. */
function withUnnamed(record: EpochRecord, verdicts: readonly TaskVerdict[]): readonly TaskVerdict[] {
  const named = new Set<Hash>(verdicts.map(({ taskId }) => taskId));
  const unnamed = record.tasks.filter(({ taskId }) => !named.has(taskId));
  return [...verdicts, ...unnamed.map(({ taskId }) => ({ kind: "released", taskId }) as const)];
}

function summary(verdicts: readonly TaskVerdict[]): string {
  const count = (kind: TaskVerdict["kind"]): number => verdicts.filter((verdict) => verdict.kind === kind).length;
  return `${count("settled")} settled, ${count("kept")} left open, ${count("skipped")} skipped`;
}
