import type { Clock } from "../../protocol/clock.ts";
import type { Lease } from "../../protocol/lease.ts";
import type { MessageOf, SchedulerMessage } from "../../protocol/messages.ts";
import type { Address } from "../../protocol/primitives.ts";
import type { WorkerChain } from "../chain/worker-chain.ts";
import {
  DrainingError,
  LeaseDroppedError,
  NoCapacityError,
  OtherPoolError,
  ResultGoneError,
  TaskRunningError,
} from "../errors.ts";
import { checkLeaseItself, checkLeaseOnChain } from "./check-lease.ts";
import type { LeasePolicy } from "./check-lease.ts";
import { giveUp, refuseLease, runToTheEnd, sayComputed } from "./lease-run.ts";
import type { LeaseRunDeps, Run, RunningLease } from "./lease-run.ts";
import type { ResourceLedger } from "./resource-ledger.ts";

type LeaseDeskDeps = LeaseRunDeps & {
  readonly worker: Address;
  readonly chain: WorkerChain;
  readonly ledger: ResourceLedger;
  readonly policy: LeasePolicy;
  readonly clock: Clock;
};

type Drop = MessageOf<SchedulerMessage, "drop">;

/** Takes leases up to the owner's slots and resources, and brings each to a vote, a refusal or a drop. */
export interface LeaseDesk {
  /** Answers `accept` and later `computed`, or `refuse`. Resolves when the lease is done with. */
  offer(lease: Lease, pool: bigint): Promise<void>;
  /** Runs again what a stop of this process interrupted. Resolves when all of it is done with. */
  recover(pool: bigint): Promise<void>;
  /** Stops a lease and forgets it. */
  drop(message: Drop): Promise<void>;
  /** Stops the runs that are of no use any more. */
  dropOverdue(isOverdue: (lease: Lease) => Promise<boolean>): Promise<void>;
  running(): readonly RunningLease[];
  draining(): boolean;
  /** Takes no more leases; resolves when the running ones have ended by themselves, or `hurry` has aborted them. */
  drain(hurry: AbortSignal): Promise<void>;
}

type Desk = { readonly runs: Map<string, Run>; draining: boolean };

export function createLeaseDesk(deps: LeaseDeskDeps): LeaseDesk {
  const desk: Desk = { runs: new Map(), draining: false };
  return {
    offer: (lease, pool) => offer(lease, pool, desk, deps),
    recover: async (pool) => {
      await Promise.all(deps.leases.all().map(({ lease }) => recover(lease, pool, desk, deps)));
    },
    drop: (message) => drop(message, desk, deps),
    dropOverdue: async (isOverdue) => {
      for (const { lease } of [...desk.runs.values()]) {
        const { leaseId, taskId } = lease;
        const reason = "the deal's deadline has passed";
        if (await isOverdue(lease)) await drop({ type: "drop", leaseId, taskId, reason }, desk, deps);
      }
    },
    running: () => [...desk.runs.values()],
    draining: () => desk.draining,
    drain: (hurry) => drain(hurry, desk),
  };
}

async function offer(lease: Lease, pool: bigint, desk: Desk, deps: LeaseDeskDeps): Promise<void> {
  const { leaseId } = lease;
  if (desk.runs.has(leaseId)) return deps.send({ type: "accept", leaseId });
  if (isAnswered(lease, pool, deps)) return answerAgain(lease, deps);
  try {
    admit(lease, pool, desk, deps);
  } catch (error) {
    return refuseLease(leaseId, error, deps);
  }
  await start(lease, (run) => accept(run, deps), desk, deps);
}

/** A task is answered once: a later lease of it gets the first vote's tag, and nothing is run. */
async function answerAgain({ leaseId, taskId }: Lease, deps: LeaseDeskDeps): Promise<void> {
  // It enters no ballot any more: whoever counted on it would wait in vain.
  if (deps.votes.get(taskId)?.givenUpAt !== undefined) {
    return refuseLease(leaseId, new ResultGoneError("The vote for that task was given up"), deps);
  }
  await deps.votes.attach(taskId, leaseId);
  const vote = deps.votes.get(taskId);
  if (vote) sayComputed(vote, leaseId, deps);
}

function isAnswered({ taskId }: Lease, pool: bigint, { votes }: LeaseDeskDeps): boolean {
  return votes.get(taskId)?.pool === pool;
}

/** What is decided at once, slot included, so that leases which arrive together cannot share one. */
function admit(lease: Lease, pool: bigint, desk: Desk, deps: LeaseDeskDeps): void {
  if (desk.draining) throw new DrainingError("The worker is about to stop");
  if ([...desk.runs.values()].some(({ taskId }) => taskId === lease.taskId)) {
    throw new TaskRunningError("The task is running here under another lease");
  }
  checkLeaseItself(lease, pool, deps.policy);
  if (!deps.ledger.reserve(lease.leaseId, lease.limits)) {
    throw new NoCapacityError("Not enough is free of what the owner shares", { details: { free: deps.ledger.free() } });
  }
}

async function accept({ lease, abort }: Run, deps: LeaseDeskDeps): Promise<void> {
  await checkLeaseOnChain(lease, deps.worker, deps.chain);
  abort.signal.throwIfAborted();
  await deps.leases.change(lease.leaseId, () => ({ lease, acceptedAt: deps.clock.now() }));
  deps.send({ type: "accept", leaseId: lease.leaseId });
}

async function recover(lease: Lease, pool: bigint, desk: Desk, deps: LeaseDeskDeps): Promise<void> {
  const { leaseId, limits } = lease;
  if (desk.draining || desk.runs.has(leaseId)) return;
  // It died between the two writes that end a run.
  if (isAnswered(lease, pool, deps)) {
    await deps.leases.change(leaseId, () => undefined);
    return answerAgain(lease, deps);
  }
  if (!deps.ledger.reserve(leaseId, limits))
    return giveUp(leaseId, new NoCapacityError("No room to run it again"), deps);
  await start(lease, () => resume(lease, pool, deps), desk, deps);
}

async function resume(lease: Lease, pool: bigint, deps: LeaseDeskDeps): Promise<void> {
  if (lease.deal.pool !== pool) throw new OtherPoolError("The lease is of another pool", { details: { pool } });
  await checkLeaseOnChain(lease, deps.worker, deps.chain);
}

function start(lease: Lease, before: (run: Run) => Promise<void>, desk: Desk, deps: LeaseDeskDeps): Promise<void> {
  const { leaseId, taskId } = lease;
  const abort = new AbortController();
  const since = deps.clock.now();
  const run: Run = { leaseId, taskId, since, stage: "fetching", lease, abort, ended: Promise.resolve() };
  desk.runs.set(leaseId, run);
  run.ended = runToTheEnd(run, () => before(run), deps).finally(() => {
    desk.runs.delete(leaseId);
    deps.ledger.release(leaseId);
  });
  return run.ended;
}

async function drop({ leaseId, taskId, reason }: Drop, desk: Desk, deps: LeaseDeskDeps): Promise<void> {
  const run = desk.runs.get(leaseId);
  run?.abort.abort(new LeaseDroppedError(`The pool dropped the lease: ${reason}`, { details: { leaseId, reason } }));
  await run?.ended;
  // Last: a run that was just done has journalled its vote under this lease.
  await deps.leases.change(leaseId, () => undefined);
  await deps.votes.detach(taskId, leaseId);
}

async function drain(hurry: AbortSignal, desk: Desk): Promise<void> {
  desk.draining = true;
  const stop = (): void => desk.runs.forEach(({ abort }) => abort.abort(new DrainingError("The worker stops")));
  if (hurry.aborted) stop();
  hurry.addEventListener("abort", stop, { once: true });
  await Promise.all([...desk.runs.values()].map(({ ended }) => ended));
  hurry.removeEventListener("abort", stop);
}
