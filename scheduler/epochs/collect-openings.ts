import { SETTLE_WINDOW_SECONDS } from "../../protocol/constants.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import { moveEpoch, SEAL_LOST } from "../domain/epochs/epoch-state.ts";
import type { EpochRecord } from "../domain/epochs/epoch-state.ts";
import { withOpenedVotes } from "../domain/epochs/opened-votes.ts";
import { agreedDigest, agreeingWorkers, needsUpload } from "../domain/epochs/settle-plan.ts";
import type { Openings } from "../domain/epochs/settle-plan.ts";
import type { TaskRecord } from "../domain/tasks/task-state.ts";
import { abandonEpoch } from "./abandon-epoch.ts";
import type { PoolContext } from "../actions/context.ts";
import { nobodyListened, remind, tellSealed } from "./ask-workers.ts";
import { LOOK_MS } from "./next.ts";
import type { Next } from "./next.ts";
import { isSealLost } from "./seal-lost.ts";

/** A worker that has not delivered an output after so many seconds is joined by the next one. */
const UPLOAD_SECONDS = 30;
/** An epoch is settled while at least this much of its window is left, in seconds. */
const SETTLE_MARGIN_SECONDS = 300;

/**
 * Waits for the openings, then for the outputs: nothing is paid that cannot be fetched, so the result of every task that
 * the opened votes agree on is uploaded and verified before the settle.
 */
export async function collectOpenings(pool: PoolContext, record: EpochRecord): Promise<Next> {
  const now = pool.chain.now();
  if (now > record.sealedAt! + SETTLE_WINDOW_SECONDS) return abandonEpoch(pool, record, "its window has passed");

  const openings = await pool.epochs.openings(record.lane, record.epoch);
  const missing = record.ballots.filter(({ worker }) => openings[worker] === undefined);
  if (missing.length > 0) {
    if (await isSealLost(pool, record)) return abandonEpoch(pool, record, SEAL_LOST);
    const silent = missing.map(({ worker }) => worker);
    const reminder = { again: () => tellSealed(pool, record, silent), lookMs: LOOK_MS };
    if (now <= record.openUntil!) return remind(pool, record, reminder);
    const openUntil = moreTime(pool, record, now);
    if (openUntil !== undefined) return remind(pool, record, { ...reminder, extend: { openUntil } });
  }

  const wanted = await tasksToFetch(pool, record, openings);
  if (wanted.length > 0 && now <= uploadsUntil(pool, record)) return askForUploads(pool, record, wanted, openings);
  await pool.epochs.put(record, moveEpoch(record, "settling"));
  return "again";
}

/** Until when openings are awaited after all, since the pool was not there to hear them. */
function moreTime({ config }: PoolContext, record: EpochRecord, now: number): number | undefined {
  const { openSeconds } = config.epochs;
  const until = Math.min(now + openSeconds, settleBy(record));
  return now < until && nobodyListened(record, record.openUntil!, openSeconds) ? until : undefined;
}

function uploadsUntil(pool: PoolContext, record: EpochRecord): number {
  const patience = record.openUntil! + pool.config.epochs.openSeconds;
  return Math.min(patience, settleBy(record));
}

function settleBy({ sealedAt }: EpochRecord): number {
  return sealedAt! + SETTLE_WINDOW_SECONDS - SETTLE_MARGIN_SECONDS;
}

/** Notes on each task what was opened and agreed on; returns those whose output is still to be had from somebody. */
async function tasksToFetch(
  pool: PoolContext,
  record: EpochRecord,
  openings: Openings,
): Promise<readonly TaskRecord[]> {
  const tasks = await pool.tasks.getAll(await stillToLookAt(pool, record));
  const noted = await Promise.all(tasks.map((task) => noteOpened(pool, task, openings)));
  return noted.filter((task) => {
    // The chain may know better by now: a task that is over has the digest that it was paid for.
    if (task.state !== "sealed" || !task.digest || task.result !== undefined || !needsUpload(task.digest)) return false;
    return deliverers(task, openings).length > 0;
  });
}

/** All of them at first, and once openings come late; in between only those whose output is awaited. */
async function stillToLookAt(pool: PoolContext, record: EpochRecord): Promise<readonly Hash[]> {
  const isAwaiting = Object.keys(record.uploads).length > 0 && pool.chain.now() <= record.openUntil!;
  return isAwaiting ? pool.uploads.left(record.lane) : record.tasks.map(({ taskId }) => taskId);
}

async function noteOpened(pool: PoolContext, task: TaskRecord, openings: Openings): Promise<TaskRecord> {
  const at = pool.chain.now();
  const noted = (current: TaskRecord): TaskRecord =>
    withDigest(withOpenedVotes(current, openings, at), agreedDigest(task, openings));
  return (await pool.tasks.update(task.taskId, noted, task)) ?? task;
}

/** An output that was uploaded for another digest is no longer the task's result. */
function withDigest(task: TaskRecord, digest: Hash | undefined): TaskRecord {
  if (task.state !== "sealed" || digest === undefined || digest === task.digest) return task;
  const { result: _ofAnother, uploadsFailed: _failed, ...rest } = task;
  return { ...rest, digest };
}

function deliverers(task: TaskRecord, openings: Openings): readonly Address[] {
  const failed = task.uploadsFailed ?? [];
  return agreeingWorkers(task, task.digest!, openings).filter((worker) => !failed.includes(worker));
}

async function askForUploads(
  pool: PoolContext,
  record: EpochRecord,
  tasks: readonly TaskRecord[],
  openings: Openings,
): Promise<Next> {
  const uploads: Record<Hash, { worker: Address; at: number }> = { ...record.uploads };
  const asks = tasks.flatMap((task) => {
    const worker = nextDeliverer(record, task, deliverers(task, openings), pool.chain.now());
    return worker === undefined ? [] : [{ worker, taskId: task.taskId }];
  });
  for (const { worker, taskId } of asks) uploads[taskId] = { worker, at: pool.chain.now() };
  const awaited = tasks.map(({ taskId }) => taskId);
  // First: what the record says has been asked for is awaited, whoever reads it.
  await pool.uploads.expect(record.lane, awaited);
  if (asks.length > 0 && !(await pool.epochs.put(record, { ...record, uploads }))) return "again";
  await Promise.all(asks.map(({ worker, taskId }) => pool.messenger.send(worker, { type: "upload?", taskId })));
  return { inMs: LOOK_MS };
}

/** The next worker to ask, or undefined while the one asked last may still deliver. The tasks are spread over the workers. */
function nextDeliverer(
  record: EpochRecord,
  task: TaskRecord,
  able: readonly Address[],
  now: number,
): Address | undefined {
  const last = record.uploads[task.taskId];
  const asked = last === undefined ? -1 : able.indexOf(last.worker);
  if (asked >= 0 && now < last!.at + UPLOAD_SECONDS) return undefined;
  return able[asked >= 0 ? (asked + 1) % able.length : task.index % able.length];
}
