import { votesHashOf } from "../../../protocol/ballot.ts";
import type { Ballot } from "../../../protocol/ballot.ts";
import { codeOf } from "../../../protocol/errors.ts";
import type { MessageOf, WorkerMessage } from "../../../protocol/messages.ts";
import type { Address, Hash } from "../../../protocol/primitives.ts";
import { verifyResult } from "../../blobs/verify-result.ts";
import { ballotFault, checkOpening } from "../../domain/epochs/ballot-check.ts";
import type { EpochRecord, SignedBallot } from "../../domain/epochs/epoch-state.ts";
import type { TaskRecord } from "../../domain/tasks/task-state.ts";
import type { VoteState } from "../../domain/votes/vote-state.ts";
import type { PoolContext } from "../context.ts";
import { noteEnding } from "../following/note-ending.ts";
import { openKeptVote } from "../following/keep-votes.ts";

type Said<T extends WorkerMessage["type"]> = MessageOf<WorkerMessage, T>;

/** Recovers who signed a ballot; handed in, since it needs the domain of the deployment. */
export type BallotSigner = (ballot: Ballot, signature: `0x${string}`) => Address | undefined;

/** What workers say in an epoch. Everything is checked before it is stored; the lane's job draws the conclusions. */

export async function hearBallot(
  pool: PoolContext,
  worker: Address,
  said: Said<"ballot">,
  signerOf: BallotSigner,
): Promise<void> {
  const record = await epochOf(pool, said);
  if (record?.state !== "balloting") return;
  const { sealBy, votes, signature } = said;
  const ballot: SignedBallot = { worker, sealBy, votes, signature };
  const fault = ballotFault(record, ballot, pool.chain.now()) ?? signatureFault(said, worker, signerOf);
  if (fault !== undefined) {
    pool.log.warn({ worker, lane: said.lane, epoch: said.epoch, fault }, "ballot rejected");
    await noteEnding(pool, worker, "refused");
    return;
  }
  await pool.epochs.addBallot(said.lane, said.epoch, ballot);
  await wakeOnceAllAnswered(pool, record);
}

/** Who is the last to answer wakes the lane; what becomes of those who do not, it finds by itself. */
async function wakeOnceAllAnswered(pool: PoolContext, { lane, epoch, asked }: EpochRecord): Promise<void> {
  if ((await pool.epochs.countBallots(lane, epoch)) >= Object.keys(asked).length) await pool.wake.lane(lane);
}

function signatureFault(said: Said<"ballot">, worker: Address, signerOf: BallotSigner): string | undefined {
  const { pool, lane, epoch, sealBy, votes, signature } = said;
  const ballot = { pool, lane, epoch, sealBy, votesHash: votesHashOf(votes) };
  return signerOf(ballot, signature) === worker ? undefined : "is signed by somebody else";
}

export async function hearBallotRefused(
  pool: PoolContext,
  worker: Address,
  said: Said<"ballot-refused">,
): Promise<void> {
  const record = await epochOf(pool, said);
  if (record?.state !== "balloting") return;
  pool.log.info({ worker, lane: said.lane, epoch: said.epoch, code: said.code }, "ballot refused");
  await pool.epochs.refuseBallot(said.lane, said.epoch, worker);
  await wakeOnceAllAnswered(pool, record);
}

/** Digests are taken as far as they fit the seals that the worker signed: in the lane's epoch, or those kept on chain since. */
export async function hearOpen(pool: PoolContext, worker: Address, said: Said<"open">): Promise<void> {
  const record = await epochOf(pool, said);
  const ballot = record?.ballots.find((candidate) => candidate.worker === worker);
  if (record?.state !== "opening" || !ballot) return hearKeptOpened(pool, worker, said);
  const opening = checkOpening(worker, ballot, said.secret, said.digests);
  const earlier = (await pool.epochs.openings(said.lane, said.epoch))[worker];
  if (earlier && Object.keys(opening.digests).length <= Object.keys(earlier.digests).length) return;
  const misfit = said.digests.length - Object.keys(opening.digests).length;
  if (misfit > 0) pool.log.warn({ worker, lane: said.lane, epoch: said.epoch, misfit }, "opened digests do not fit");
  await pool.epochs.addOpening(said.lane, said.epoch, worker, opening);
  if ((await pool.epochs.countOpenings(said.lane, said.epoch)) < record.ballots.length) return;
  await pool.wake.lane(said.lane);
}

async function hearKeptOpened(pool: PoolContext, worker: Address, said: Said<"open">): Promise<void> {
  if (said.pool !== pool.config.pool) return;
  const { secret } = said;
  for (const { taskId, digest } of said.digests) await openKeptVote(pool, taskId, { worker, digest, secret });
}

/** The worker has put the output among the blobs: it counts once every byte of it is checked. */
export async function hearUploaded(pool: PoolContext, worker: Address, said: Said<"uploaded">): Promise<void> {
  const task = await pool.tasks.get(said.taskId);
  if (!task?.digest || task.result !== undefined || !mayDeliver(task, worker)) return;
  const { digest } = task;
  try {
    const { stream } = await pool.blobs.read(said.sha256);
    await verifyResult(stream, digest, task.terms.hasCallback ? "callback" : "folder");
  } catch (error) {
    pool.log.warn({ task: said.taskId, deal: task.dealId, worker, code: codeOf(error), err: error }, "upload rejected");
    return uploadFailed(pool, worker, said.taskId);
  }
  const keepUntil = Math.max(pool.clock.now(), task.terms.deadline * 1_000) + pool.config.retentionMs;
  await Promise.all([pool.ledger.markResult(said.sha256), pool.ledger.keep(said.sha256, keepUntil)]);
  const delivered = (current: TaskRecord): TaskRecord | undefined =>
    current.state === "sealed" && current.digest === digest ? { ...current, result: said.sha256 } : undefined;
  // Read anew: to check a large output takes long enough for an epoch to end and the next to begin.
  if (!(await pool.tasks.update(said.taskId, delivered))) return;
  const { lane } = task.terms;
  if ((await pool.uploads.arrived(lane, said.taskId)) === 0) await pool.wake.lane(lane);
}

export async function hearUploadFailed(
  pool: PoolContext,
  worker: Address,
  { taskId, code, message }: Said<"upload-failed">,
): Promise<void> {
  const task = await pool.tasks.get(taskId);
  if (!task?.digest || !mayDeliver(task, worker)) return;
  pool.log.warn({ task: taskId, deal: task.dealId, worker, code, message }, "upload failed");
  await uploadFailed(pool, worker, taskId);
}

/** Votes that an epoch brings to the chain. */
const IN_EPOCH: readonly VoteState[] = ["balloted", "opened", "kept"];

/** A worker whose vote is in the epoch, and that has not failed to deliver before. */
function mayDeliver({ votes, uploadsFailed = [] }: TaskRecord, worker: Address): boolean {
  const isIn = votes.some((vote) => vote.worker === worker && IN_EPOCH.includes(vote.state));
  return isIn && !uploadsFailed.includes(worker);
}

async function uploadFailed(pool: PoolContext, worker: Address, taskId: Hash): Promise<void> {
  await noteEnding(pool, worker, "refused");
  const task = await pool.tasks.update(taskId, (current) => ({
    ...current,
    uploadsFailed: [...(current.uploadsFailed ?? []), worker],
  }));
  if (task) await pool.wake.lane(task.terms.lane);
}

/** The lane's epoch, if it is the one that the worker speaks of and the worker belongs to this pool. */
async function epochOf(
  pool: PoolContext,
  said: { readonly pool: bigint; readonly lane: number; readonly epoch: number },
): Promise<EpochRecord | undefined> {
  if (said.pool !== pool.config.pool) return undefined;
  const record = await pool.epochs.current(said.lane);
  return record?.epoch === said.epoch ? record : undefined;
}
