import { afterVotes } from "../../domain/votes/after-votes.ts";
import { hadItsTime, ownFailures, saysOutOfTime } from "../../domain/votes/failure-votes.ts";
import { withMovedVote, withMovedVotes, withProgress, withVote, voteOf } from "../../domain/votes/task-votes.ts";
import { place } from "../../domain/placement/placement.ts";
import { isSpokenFor } from "../../domain/placement/one-vote.ts";
import { bars, DOUBTED } from "../../domain/votes/second-tries.ts";
import { withSpotCheck } from "../../domain/placement/spot-checks.ts";
import { isLive, moveTask } from "../../domain/tasks/task-state.ts";
import type { TaskRecord } from "../../domain/tasks/task-state.ts";
import { limitsFor } from "../../domain/tasks/task-terms.ts";
import { isAnswered, isWorking } from "../../domain/votes/vote-state.ts";
import { isOnTrial } from "../../domain/apps/trial.ts";
import type { Vote } from "../../domain/votes/vote-state.ts";
import type { MessageOf, WorkerMessage } from "../../../protocol/messages.ts";
import { parseParams, taskParams } from "../../../protocol/params.ts";
import type { Address, Hash } from "../../../protocol/primitives.ts";
import { candidateOf, demandOf } from "../placing/candidates.ts";
import type { PoolContext } from "../context.ts";
import type { Member } from "../placing/crowd.ts";
import { memberOf } from "../placing/crowd.ts";
import { judgeApp } from "./judge-app.ts";
import { noteEnding } from "../following/note-ending.ts";
import { newVote } from "../placing/place-task.ts";

type Said<T extends WorkerMessage["type"]> = MessageOf<WorkerMessage, T>;

/** What a worker says about its leases. How it connects and stays is heard in `hear-hello.ts`, ballots, openings and uploads in `hear-votes.ts`. */

export async function hearAccept(pool: PoolContext, worker: Address, { leaseId }: Said<"accept">): Promise<void> {
  await changeVote(pool, worker, leaseId, (task) => withMovedVote(task, leaseId, "running", pool.chain.now()));
}

export async function hearProgress(pool: PoolContext, worker: Address, said: Said<"progress">): Promise<void> {
  const { leaseId, stage, percent } = said;
  const patch = { stage, ...(percent === undefined ? {} : { percent: Math.round(percent) }) };
  await changeVote(pool, worker, leaseId, (task) => {
    const vote = voteOf(task, leaseId);
    if (!vote || !isWorking(vote)) return undefined;
    const begins = stage === "running" && vote.ranSince === undefined ? { ranSince: pool.clock.now() } : {};
    return withProgress(task, leaseId, { ...patch, ...begins });
  });
}

/** The worker does not want it, or (once it has accepted) has failed at it: another one shall. */
export async function hearRefuse(pool: PoolContext, worker: Address, said: Said<"refuse">): Promise<void> {
  const { leaseId, code, message } = said;
  const changed = await changeVote(pool, worker, leaseId, (task) => {
    const vote = voteOf(task, leaseId);
    // What it has answered once may stand in a ballot: it is taken back no more.
    if (!vote || !isWorking(vote)) return undefined;
    const at = pool.chain.now();
    return afterVotes(withMovedVote(task, leaseId, vote.state === "leased" ? "refused" : "failed", at, { code }), at);
  });
  if (!changed) return;
  pool.log.info({ ...placeOf(changed), worker, lease: leaseId, code, message }, "lease refused");
  await noteEnding(pool, worker, "refused");
  // The same worker would be the first to be asked again; its next heartbeat says whether it can.
  if (code === "GM_ENGINE_UNREACHABLE") await pool.workers.seen(worker, pool.clock.now(), false);
  await goOn(pool, changed);
}

/** The worker has a result. A vote that this pool has forgotten is taken up again as long as the task wants votes. */
export async function hearComputed(pool: PoolContext, worker: Address, said: Said<"computed">): Promise<void> {
  const { leaseId, taskId, tag } = said;
  if (await isTooSoon(pool, said)) return dropTooSoon(pool, worker, said);
  const at = pool.chain.now();
  const isKnown = (await pool.tasks.taskOfLease(leaseId)) !== undefined;
  const forgotten = isKnown ? undefined : await forgottenVote(pool, worker, said);
  const checkers = pool.random() < pool.config.spotCheckChance ? await pool.crowd.recent() : [];
  const stored = await pool.tasks.update(taskId, (task) => {
    const known = voteOf(task, leaseId);
    // Said again of a vote that is on its way to the chain, it must not take it back.
    if (known && (known.worker !== worker || isAnswered(known))) return undefined;
    const base = known && known.state !== "lost" ? task : withRevived(pool, task, known ?? forgotten);
    return (
      base &&
      afterAnswer(withMovedVote(base, leaseId, "computed", at, { tag, ...timeTaken(pool, known) }), checkers, at)
    );
  });
  if (!stored) return answerAgain(pool, worker, leaseId, taskId);
  pool.log.info({ ...placeOf(stored), worker, lease: leaseId }, "vote computed");
  if (isOnTrial(stored)) await judgeApp(pool, stored);
  await goOn(pool, stored);
}

/** A vote of the task is over: it goes on, and the slot is free for another. */
async function goOn(pool: PoolContext, { taskId, state, terms }: TaskRecord): Promise<void> {
  if (state === "agreed") pool.wake.laneSoon(terms.lane);
  if (state === "planned") await pool.wake.task(taskId);
  pool.wake.offers();
}

/** Known of an answer that came in the time of its lease. */
function timeTaken({ clock }: PoolContext, vote: Vote | undefined): Pick<Vote, "tookMs"> {
  return vote && isWorking(vote) ? { tookMs: clock.now() - (vote.ranSince ?? vote.since) } : {};
}

/** Whether a worker says "out of time" that has not had its time; see `failure-votes.ts`. */
async function isTooSoon(pool: PoolContext, { leaseId, taskId, tag }: Said<"computed">): Promise<boolean> {
  if (!saysOutOfTime(taskId, tag)) return false;
  const task = await pool.tasks.get(taskId);
  const deal = task && (await pool.deals.get(task.dealId));
  if (!deal?.params) return false;
  const vote = voteOf(task!, leaseId);
  if (vote && isAnswered(vote)) return false;
  const seconds = taskParams(parseParams(deal.params), task!.index)?.seconds;
  return !vote || !hadItsTime(vote, limitsFor(task!.terms, { seconds }), pool.clock.now());
}

async function dropTooSoon(pool: PoolContext, worker: Address, { leaseId, taskId }: Said<"computed">): Promise<void> {
  const at = pool.chain.now();
  const code = "GM_TIME_NOT_PASSED";
  const changed = await changeVote(pool, worker, leaseId, (task) =>
    afterVotes(withMovedVote(task, leaseId, "failed", at, { code }), at),
  );
  if (!changed) return answerAgain(pool, worker, leaseId, taskId);
  pool.log.warn({ ...placeOf(changed), worker, lease: leaseId, code }, "vote dropped");
  await noteEnding(pool, worker, "refused");
  await goOn(pool, changed);
}

/**
 * A machine's own failure beside a real result is dropped; see `failure-votes.ts`.
 * @param checkers connected workers where the pool's dice have chosen the task for a spot check, none where they have not
 */
function afterAnswer(task: TaskRecord, checkers: readonly Member[], at: number): TaskRecord {
  const own = new Set(ownFailures(task).map((vote) => vote.leaseId));
  const counted = withMovedVotes(task, (vote) => own.has(vote.leaseId), "failed", at, { code: "GM_MACHINE_TOO_SMALL" });
  return afterVotes(withSpotCheck(counted, checkers, at), at);
}

function withRevived({ chain, config }: PoolContext, task: TaskRecord, vote: Vote | undefined): TaskRecord | undefined {
  const wants = task.state === "planned" || task.state === "running";
  if (!vote || !wants || vote.code === DOUBTED) return undefined;
  if (!config.sameMachineVotes && isSpokenFor(vote, task)) return undefined;
  const others = task.votes.filter((known) => known.worker === vote.worker && known.leaseId !== vote.leaseId);
  if (others.some((known) => bars(known, chain.now()))) return undefined;
  return voteOf(task, vote.leaseId) ? task : withVote(task, vote);
}

/** The vote of a lease that this pool does not know, if the worker could have been given it. */
async function forgottenVote(
  pool: PoolContext,
  worker: Address,
  { leaseId, taskId }: Said<"computed">,
): Promise<Vote | undefined> {
  const [known, task, conduct] = await Promise.all([
    pool.workers.get(worker),
    pool.tasks.get(taskId),
    pool.workers.conduct(worker),
  ]);
  const deal = task && (await pool.deals.get(task.dealId));
  if (!known || !deal) return undefined;
  const member = await memberOf(pool, { ...known, accepting: true, conduct });
  const able = { ...candidateOf(member, task), busy: [] };
  return place(task, demandOf(pool, deal), [able]).ranked.length === 0 ? undefined : newVote(pool, able, leaseId);
}

/** A worker that says again what is known shall not wait; one whose vote is of no use any more is told so. */
async function answerAgain(pool: PoolContext, worker: Address, leaseId: string, taskId: Hash): Promise<void> {
  const task = await pool.tasks.get(taskId);
  const vote = task && voteOf(task, leaseId);
  if (vote?.worker === worker && isAnswered(vote)) {
    if (isLive(task!.state)) await pool.wake.task(taskId);
    return;
  }
  const reason = task ? `task is ${task.state} and wants no vote of this lease` : "task is unknown here";
  await pool.messenger.send(worker, { type: "drop", leaseId, taskId, reason });
}

/** What a line of the log says of a task. */
function placeOf({ taskId, dealId }: TaskRecord): { readonly task: Hash; readonly deal: Hash } {
  return { task: taskId, deal: dealId };
}

/* LOST LEASES */

/** Ends leases that nobody kept alive; their tasks look for other workers. */
export async function loseLeases(pool: PoolContext): Promise<void> {
  for (const leaseId of await pool.tasks.expiredLeases(pool.clock.now())) {
    const task = await taskOf(pool, leaseId);
    const vote = task && voteOf(task, leaseId);
    if (!task || !vote) continue;
    const changed = await pool.tasks.update(task.taskId, (current) => {
      const late = voteOf(current, leaseId);
      if (!late || !isWorking(late)) return undefined;
      return withMovedVote(current, leaseId, "lost", pool.chain.now(), { code: "GM_LEASE_EXPIRED" });
    });
    if (!changed) continue;
    pool.log.warn({ ...placeOf(task), worker: vote.worker, lease: leaseId }, "lease lost");
    await noteEnding(pool, vote.worker, "late");
    await backToPlanned(pool, task.taskId, "a worker was lost");
  }
}

/** Puts a running task back among those that want votes, and wakes its placement. */
async function backToPlanned(pool: PoolContext, taskId: Hash, note: string): Promise<void> {
  await pool.tasks.update(taskId, (task) =>
    task.state === "running" ? moveTask(task, "planned", pool.chain.now(), note) : undefined,
  );
  await pool.wake.task(taskId);
}

/* SHARED */

async function taskOf(pool: PoolContext, leaseId: string): Promise<TaskRecord | undefined> {
  const taskId = await pool.tasks.taskOfLease(leaseId);
  return taskId && pool.tasks.get(taskId);
}

/** Changes the task of a lease, if the lease is this worker's. */
async function changeVote(
  pool: PoolContext,
  worker: Address,
  leaseId: string,
  change: (task: TaskRecord) => TaskRecord | undefined,
): Promise<TaskRecord | undefined> {
  const taskId = await pool.tasks.taskOfLease(leaseId);
  if (!taskId) return undefined;
  return pool.tasks.update(taskId, (task) => (voteOf(task, leaseId)?.worker === worker ? change(task) : undefined));
}
