import { randomUUID } from "node:crypto";

import { unpackResources } from "../../../protocol/capabilities.ts";
import type { Lease } from "../../../protocol/lease.ts";
import { parseParams, taskParams } from "../../../protocol/params.ts";
import type { TaskParams } from "../../../protocol/params.ts";
import type { Hash } from "../../../protocol/primitives.ts";
import { afterVotes } from "../../domain/votes/after-votes.ts";
import { explain, place } from "../../domain/placement/placement.ts";
import type { Candidate, Placement } from "../../domain/placement/placement.ts";
import { isCheckOver } from "../../domain/placement/spot-checks.ts";
import { limitsFor } from "../../domain/tasks/task-terms.ts";
import { withTrial } from "../../domain/apps/trial.ts";
import { moveTask } from "../../domain/tasks/task-state.ts";
import type { TaskRecord } from "../../domain/tasks/task-state.ts";
import { withVote } from "../../domain/votes/task-votes.ts";
import { LEASE_MS } from "../../domain/votes/vote-state.ts";
import type { Vote } from "../../domain/votes/vote-state.ts";
import {
  agreedTag,
  isDecidedAlone,
  isLate,
  leasesWanted,
  unwatched,
  votesOut,
  watched,
} from "../../domain/votes/votes-needed.ts";
import type { DealRecord } from "../../store/tasks/deal-store.ts";
import { candidatesOf, demandOf } from "./candidates.ts";
import type { PoolContext } from "../context.ts";
import { pausedReason } from "../paused.ts";
import { admitTask } from "./try-app.ts";

/**
 * Gives a task as many leases as it wants and workers can take, or moves it on when its votes agree. Safe to run twice: the
 * atomic lease is what stops two runs from giving one worker two.
 */
export async function placeTask(pool: PoolContext, taskId: Hash): Promise<void> {
  const task = await pool.tasks.get(taskId);
  if (!task || (task.state !== "planned" && task.state !== "running")) return;
  if (agreedTag(task) !== undefined) return conclude(pool, task);
  if (pool.chain.now() > task.terms.deadline) return;
  const deal = await pool.deals.get(task.dealId);
  if (!deal?.params || !deal.image) return;
  await placeMore(pool, task, deal);
}

/** Enough workers say the same already: the task waits for its lane's next epoch. */
async function conclude(pool: PoolContext, { taskId }: TaskRecord): Promise<void> {
  const moved = await pool.tasks.update(taskId, (task) => afterVotes(task, pool.chain.now()));
  if (moved?.state === "agreed") pool.wake.laneSoon(moved.terms.lane);
}

async function placeMore(pool: PoolContext, found: TaskRecord, deal: DealRecord): Promise<void> {
  const paused = await pausedReason(pool, found);
  if (paused !== undefined) return noteWaiting(pool, found.taskId, paused);
  const admission = await admitTask(pool, found, deal);
  if ("waits" in admission) return noteWaiting(pool, found.taskId, admission.waits);
  const { task: admitted } = admission;
  if (agreedTag(admitted) !== undefined) return conclude(pool, admitted);
  const placement = await placementOf(pool, admitted, deal);
  if (isWatchedInVain(pool, admitted, placement)) {
    await pool.tasks.update(found.taskId, (current) =>
      current.atLeast === undefined ? undefined : unwatched(current),
    );
    return placeTask(pool, found.taskId);
  }
  const weights = placement.ranked.map((candidate) => candidate.weight);
  const task = withTrial(await watchedByChance(pool, admitted, placement, weights), admitted.trial);
  const wanted = leasesWanted(task, weights);
  const waitingFor = wanted > placement.ranked.length ? explain(placement, wanted) : undefined;
  await giveLeases(pool, { task, deal, to: placement.ranked.slice(0, wanted), waitingFor });
}

/** By a reading of a moment ago where that is enough, and else by how the workers stand now. */
async function placementOf(pool: PoolContext, task: TaskRecord, deal: DealRecord): Promise<Placement> {
  const demand = demandOf(pool, deal);
  const recent = place(task, demand, candidatesOf(await pool.crowd.recent(), task));
  const weights = recent.ranked.map((candidate) => candidate.weight);
  if (leasesWanted(task, weights) <= recent.ranked.length) return recent;
  return place(task, demand, candidatesOf(await pool.crowd.fresh(), task));
}

/**
 * Even a worker that could decide alone is replicated now and then, where there is another one to do it; one that is on
 * probation always.
 */
async function watchedByChance(
  pool: PoolContext,
  task: TaskRecord,
  placement: Placement,
  weights: readonly bigint[],
): Promise<TaskRecord> {
  if (!isDecidedAlone(task, weights) || placement.inReach.length < 2 || isLate(task, pool.chain.now())) return task;
  if (placement.ranked[0]!.grade === "trusted" && pool.random() >= pool.config.replicateChance) return task;
  return (
    (await pool.tasks.update(task.taskId, (current) => (votesOut(current) === 0 ? watched(current) : undefined))) ??
    task
  );
}

/** Nobody is left who could give the answer that it waits for beside those that decide, or it might come too late. */
function isWatchedInVain(pool: PoolContext, task: TaskRecord, placement: Placement): boolean {
  if (task.atLeast === undefined || votesOut(task) >= task.atLeast) return false;
  if (isCheckOver(task, placement)) return true;
  return placement.inReach.length + votesOut(task) < task.atLeast || isLate(task, pool.chain.now());
}

/** Says why nobody works on a task. */
async function noteWaiting(pool: PoolContext, taskId: Hash, waitingFor: string): Promise<void> {
  await pool.tasks.update(taskId, (task) => {
    if (task.state !== "planned" && task.state !== "running") return undefined;
    const noted = waits(task, waitingFor);
    if (task.state === "running") return moveTask(noted, "planned", pool.chain.now(), "wants more votes");
    return task.waitingFor === waitingFor ? undefined : noted;
  });
}

/* LEASES */

type Grant = {
  readonly task: TaskRecord;
  readonly deal: DealRecord;
  readonly to: readonly Candidate[];
  /** Why it has fewer leases than it wants; absent when it has them all. */
  readonly waitingFor: string | undefined;
};

/**
 * Gives all of a task's leases in one step, or none of them: then somebody else has changed the task or taken a slot since, and
 * it is looked at again.
 */
async function giveLeases(pool: PoolContext, grant: Grant): Promise<void> {
  const { task, deal, to, waitingFor } = grant;
  const params = taskParams(parseParams(deal.params!), task.index);
  if (!params) return noteWaiting(pool, task.taskId, "its params say nothing of it");
  const votes = to.map((candidate) => newVote(pool, candidate, randomUUID()));
  const after = withLeases(task, votes, waitingFor, pool.chain.now());
  if (after === task) return;
  const load = { limits: task.terms.limits, stake: BigInt(task.terms.stake) };
  for (const { worker } of to) pool.crowd.book(worker, load);
  if ((await pool.tasks.lease(task, after, to)) !== "done") return placeAgain(pool, task.taskId);
  for (const vote of votes) {
    await pool.messenger.send(vote.worker, { type: "lease", lease: leaseOf(pool, { task, deal, params, vote }) });
    pool.log.info({ task: task.taskId, deal: task.dealId, worker: vote.worker, lease: vote.leaseId }, "lease given");
  }
  if (votes.length > 0) pool.wake.offers();
}

async function placeAgain(pool: PoolContext, taskId: Hash): Promise<void> {
  await pool.crowd.fresh();
  await pool.wake.task(taskId);
}

/** The task with its new votes, and with as many as it wants if nothing is waited for. The very same one where nothing changes. */
function withLeases(task: TaskRecord, votes: readonly Vote[], waitingFor: string | undefined, at: number): TaskRecord {
  const leased = votes.reduce(withVote, task);
  const wanting = waitingFor !== undefined;
  const noted = task.waitingFor === waitingFor ? leased : waits(leased, waitingFor);
  if (task.state === "planned" && !wanting) return moveTask(noted, "running", at, "votes are leased");
  if (task.state === "running" && wanting) return moveTask(noted, "planned", at, "wants more votes");
  return noted;
}

function waits({ waitingFor: _before, ...task }: TaskRecord, waitingFor: string | undefined): TaskRecord {
  return waitingFor === undefined ? task : { ...task, waitingFor };
}

/** The vote that a lease of this id begins with. */
export function newVote(
  { chain, clock }: PoolContext,
  { worker, machine, owner, weight, capabilities }: Candidate,
  leaseId: string,
): Vote {
  const { benchmark, memoryMiB } = unpackResources(capabilities);
  return {
    leaseId,
    worker,
    machine,
    ...(owner === undefined ? {} : { owner }),
    state: "leased",
    at: chain.now(),
    weight: weight.toString(),
    spare: { benchmark, memoryMiB },
    since: clock.now(),
  };
}

/** What the message of a lease is made of. */
type Leased = {
  readonly task: TaskRecord;
  readonly deal: DealRecord;
  readonly params: TaskParams;
  readonly vote: Vote;
};

/** The lease message of a vote, made anew whenever it must be sent again. */
export function leaseOf({ clock }: PoolContext, { task, deal: record, params, vote }: Leased): Lease {
  const { dealId, deal, image, dataset } = record;
  return {
    leaseId: vote.leaseId,
    taskId: task.taskId,
    dealId,
    index: task.index,
    deal,
    image: image!,
    args: [...params.args],
    env: { ...params.env },
    inputs: params.inputs.map(({ name, sha256, bytes }) => ({ name, sha256, bytes })),
    ...(dataset === undefined ? {} : { dataset }),
    limits: limitsFor(task.terms, params),
    expiresAt: Math.ceil((clock.now() + LEASE_MS) / 1_000),
  };
}
