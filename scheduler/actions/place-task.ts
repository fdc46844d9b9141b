import { randomUUID } from "node:crypto";

import { unpackResources } from "../../protocol/capabilities.ts";
import type { Lease } from "../../protocol/lease.ts";
import { parseParams, taskParams } from "../../protocol/params.ts";
import type { TaskParams } from "../../protocol/params.ts";
import type { Hash } from "../../protocol/primitives.ts";
import { REFERENCE_SCORE, timeLimits } from "../../protocol/time-limits.ts";
import { limitsFor } from "../domain/task-terms.ts";
import { explain, place } from "../domain/placement.ts";
import type { Candidate, Placement } from "../domain/placement.ts";
import { isSpokenFor } from "../domain/one-vote.ts";
import { bars } from "../domain/second-tries.ts";
import { moveTask } from "../domain/task-state.ts";
import type { TaskRecord } from "../domain/task-state.ts";
import { withVote } from "../domain/task-votes.ts";
import type { Vote } from "../domain/vote-state.ts";
import { agreedTag, isDecidedAlone, leasesWanted, unwatched, votesOut, watched } from "../domain/votes-needed.ts";
import type { DealRecord } from "../store/deal-store.ts";
import { LEASE_MS } from "../store/task-index.ts";
import { candidatesFor, demandOf } from "./candidates.ts";
import type { PoolContext } from "./context.ts";
import { pausedReason } from "./paused.ts";

/**
 * Gives a task as many leases as it wants and workers can take, or moves it on when its votes agree. Safe to run twice: the
 * atomic lease is what stops two runs from giving one worker two.
 */
export async function placeTask(pool: PoolContext, taskId: Hash): Promise<void> {
  const task = await pool.tasks.get(taskId);
  if (!task || (task.state !== "planned" && task.state !== "running")) return;
  if (agreedTag(task) !== undefined) return agree(pool, task);
  if (pool.chain.now() > task.terms.deadline) return;
  const deal = await pool.deals.get(task.dealId);
  if (!deal?.params || !deal.image) return;
  await placeMore(pool, task, deal);
}

async function placeMore(pool: PoolContext, found: TaskRecord, deal: DealRecord): Promise<void> {
  const paused = await pausedReason(pool, found);
  if (paused !== undefined) return settleState(pool, found.taskId, true, paused);
  const candidates = await candidatesFor(pool, found);
  const placement = place(found, demandOf(pool, deal), candidates);
  if (isWatchedInVain(pool, found, placement)) {
    await pool.tasks.update(found.taskId, (current) =>
      current.atLeast === undefined ? undefined : unwatched(current),
    );
    return placeTask(pool, found.taskId);
  }
  const weights = placement.ranked.map((candidate) => candidate.weight);
  const task = await watchedByChance(pool, found, placement, weights);
  const wanted = leasesWanted(task, weights);

  let given = 0;
  for (const candidate of placement.ranked) {
    if (given >= wanted) break;
    if (await giveLease(pool, task, deal, candidate, votesOut(task) + given)) given++;
  }
  await settleState(pool, task.taskId, wanted > given, wanted > given ? explain(placement, wanted) : undefined);
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
  if (!isDecidedAlone(task, weights) || placement.inReach.length < 2 || isLate(pool, task)) return task;
  if (placement.ranked[0]!.grade === "trusted" && pool.random() >= pool.config.replicateChance) return task;
  return (
    (await pool.tasks.update(task.taskId, (current) => (votesOut(current) === 0 ? watched(current) : undefined))) ??
    task
  );
}

/** Nobody is left who could give the second answer, or it might come too late. */
function isWatchedInVain(pool: PoolContext, task: TaskRecord, placement: Placement): boolean {
  if (task.atLeast === undefined || votesOut(task) >= task.atLeast) return false;
  return placement.inReach.length + votesOut(task) < task.atLeast || isLate(pool, task);
}

/** So near to the deadline that a lease given now might not end before it. */
function isLate({ chain }: PoolContext, { terms }: TaskRecord): boolean {
  const { wallMs } = timeLimits(terms.limits.seconds, REFERENCE_SCORE, terms.limits.cpuMillicores);
  return chain.now() * 1_000 + wallMs > terms.deadline * 1_000;
}

async function settleState(pool: PoolContext, taskId: Hash, wanting: boolean, waitingFor?: string): Promise<void> {
  await pool.tasks.update(taskId, (task) => {
    const { waitingFor: _old, ...rest } = task;
    const noted: TaskRecord = waitingFor === undefined ? rest : { ...rest, waitingFor };
    if (task.state === "planned" && !wanting) return moveTask(noted, "running", pool.chain.now(), "votes are leased");
    if (task.state === "running" && wanting) return moveTask(noted, "planned", pool.chain.now(), "wants more votes");
    return task.waitingFor === waitingFor ? undefined : noted;
  });
}

/** Enough workers say the same: the task waits for its lane's next epoch. */
export async function agree(pool: PoolContext, { taskId }: TaskRecord): Promise<void> {
  const moved = await pool.tasks.update(taskId, (task) =>
    (task.state === "planned" || task.state === "running") && agreedTag(task) !== undefined
      ? moveTask(task, "agreed", pool.chain.now(), "enough votes agree")
      : undefined,
  );
  if (moved) await pool.wake.lane(moved.terms.lane);
}

/* LEASES */

/** @param most how many votes the task may have before this one: another placement of it may have been faster */
async function giveLease(
  pool: PoolContext,
  task: TaskRecord,
  deal: DealRecord,
  to: Candidate,
  most: number,
): Promise<boolean> {
  const params = taskParams(parseParams(deal.params!), task.index);
  if (!params) return false;
  const vote = newVote(pool, to, randomUUID());
  const stored = await pool.tasks.lease(task.taskId, to.worker, to.slots, (current) =>
    votesOut(current) <= most && mayVote(pool, current, vote) ? withVote(current, vote) : undefined,
  );
  if (stored === undefined || stored === "full") return false;
  await pool.messenger.send(to.worker, { type: "lease", lease: leaseOf(task, deal, params, vote) });
  pool.log.info({ task: task.taskId, deal: task.dealId, worker: to.worker, lease: vote.leaseId }, "lease given");
  return true;
}

/** Looked at again where the lease is written: another placement of the task may have been faster. */
function mayVote({ config }: PoolContext, task: TaskRecord, vote: Vote): boolean {
  const taken = task.votes.some((other) => other.worker === vote.worker && bars(other, vote.at));
  const placeable = task.state === "planned" || task.state === "running";
  return placeable && !taken && (config.sameMachineVotes || !isSpokenFor(vote, task));
}

/** The vote that a lease of this id begins with. */
export function newVote(
  { chain }: PoolContext,
  { worker, machine, weight, capabilities }: Candidate,
  leaseId: string,
): Vote {
  const { benchmark, memoryMiB } = unpackResources(capabilities);
  return {
    leaseId,
    worker,
    machine,
    state: "leased",
    at: chain.now(),
    weight: weight.toString(),
    spare: { benchmark, memoryMiB },
    since: Date.now(),
  };
}

/** The lease message of a vote, made anew whenever it must be sent again. */
export function leaseOf(task: TaskRecord, record: DealRecord, params: TaskParams, vote: Vote): Lease {
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
    expiresAt: Math.ceil((Date.now() + LEASE_MS) / 1_000),
  };
}
