import type { OwnerCheck } from "../../../chain/signed-by.ts";
import { OwnerUnprovenError } from "../../../protocol/errors.ts";
import type { MessageOf, WorkerMessage } from "../../../protocol/messages.ts";
import type { OwnerClaim } from "../../../protocol/ownership.ts";
import { parseParams, taskParams } from "../../../protocol/params.ts";
import type { Address } from "../../../protocol/primitives.ts";
import { voteOf } from "../../domain/votes/task-votes.ts";
import { LEASE_MS } from "../../domain/votes/vote-state.ts";
import type { PoolContext } from "../context.ts";
import { leaseOf } from "../placing/place-task.ts";

type Said<T extends WorkerMessage["type"]> = MessageOf<WorkerMessage, T>;

/** What a worker says about itself: that it is here, and that it still is. */

/**
 * A worker (re)connects: it is a candidate from now on, and leases that it never got are sent again.
 * @param isOwner handed in, since it needs the deployment and a node
 * @throws OwnerUnprovenError
 */
export async function hearHello(
  pool: PoolContext,
  worker: Address,
  hello: Said<"hello">,
  isOwner: OwnerCheck,
): Promise<void> {
  const { machine, owner: claim, agent, capabilities, platform, slots, watts } = hello;
  if (claim && !(await isOwner(worker, claim))) throw unproven(worker, claim);
  const stated = { ...(claim ? { owner: claim.owner } : {}), ...(watts === undefined ? {} : { watts }) };
  await pool.workers.put({ worker, machine, agent, capabilities, platform, slots, ...stated });
  await pool.workers.seen(worker, pool.clock.now(), true);
  for (const leaseId of await keepAlive(pool, worker, hello.leases)) await resendLease(pool, worker, leaseId);
  pool.wake.offers();
}

function unproven(worker: Address, { owner }: OwnerClaim): OwnerUnprovenError {
  return new OwnerUnprovenError(`${owner} has not signed, for this pool's chain, that worker ${worker} is its own`, {
    details: { worker, owner },
    hint: "Sign it again with the owner's key: gridmill worker own",
  });
}

/** Extends the leases that a worker names, as far as they are its own. Returns those of its leases that it did not name. */
async function keepAlive(pool: PoolContext, worker: Address, leases: readonly string[]): Promise<readonly string[]> {
  const held = await pool.tasks.slotsOf(worker);
  const named = new Set(leases);
  await pool.tasks.extendLeases(
    held.filter((leaseId) => named.has(leaseId)),
    pool.clock.now() + LEASE_MS,
  );
  return held.filter((leaseId) => !named.has(leaseId));
}

async function resendLease(pool: PoolContext, worker: Address, leaseId: string): Promise<void> {
  const taskId = await pool.tasks.taskOfLease(leaseId);
  const task = taskId && (await pool.tasks.get(taskId));
  const vote = task && voteOf(task, leaseId);
  const deal = task && (await pool.deals.get(task.dealId));
  if (!task || !vote || !deal?.params) return;
  const params = taskParams(parseParams(deal.params), task.index);
  if (params) await pool.messenger.send(worker, { type: "lease", lease: leaseOf(pool, { task, deal, params, vote }) });
}

export async function hearHeartbeat(pool: PoolContext, worker: Address, beat: Said<"heartbeat">): Promise<void> {
  await pool.workers.seen(worker, pool.clock.now(), beat.accepting);
  await keepAlive(pool, worker, beat.leases);
}
