import type { Logger } from "pino";

import { codeOf } from "../../protocol/errors.ts";
import type { Lease } from "../../protocol/lease.ts";
import type { Stage } from "../../protocol/messages.ts";
import { DrainingError, LeaseDroppedError } from "../errors.ts";
import type { Journal, VoteRecord } from "../journal/journal.ts";
import { publicMessage } from "../public-message.ts";
import { computedMessages } from "../voting/vote-book.ts";
import { performLease } from "./perform-lease.ts";
import type { PerformLeaseDeps } from "./perform-lease.ts";

export type LeaseRunDeps = Omit<PerformLeaseDeps, "onStage" | "onError"> & {
  readonly leases: Journal["leases"];
  readonly log: Logger;
  /** Both for the metrics. */
  readonly onRefused: (code: string) => void;
  readonly onAnswered: (kind: "result" | "failed") => void;
};

/** One lease in the works. */
export type RunningLease = {
  readonly leaseId: string;
  readonly taskId: string;
  /** Unix second. */
  readonly since: number;
  stage: Stage;
};

export type Run = RunningLease & { readonly lease: Lease; readonly abort: AbortController; ended: Promise<void> };

/**
 * Brings a lease to a vote, a refusal or a silent end, and clears it from the journal; never rejects.
 * @param before what must hold first: it accepts the lease, or throws why not
 */
export async function runToTheEnd(run: Run, before: () => Promise<void>, deps: LeaseRunDeps): Promise<void> {
  const { leaseId } = run;
  const onError = (error: unknown): void => deps.log.warn({ err: error, leaseId }, "lease");
  try {
    await before();
    const onStage = (_leaseId: string, stage: Stage): void => void (run.stage = stage);
    const vote = await performLease(run.lease, { ...deps, onStage, onError }, run.abort.signal);
    await deps.leases.change(leaseId, () => undefined);
    deps.onAnswered(vote.failed === undefined ? "result" : "failed");
    sayComputed(vote, leaseId, deps);
  } catch (error) {
    await endWithout(run, error, deps).catch(onError);
  }
}

/** Answers one lease with the vote of its task. */
export function sayComputed(vote: VoteRecord, leaseId: string, { send }: Pick<LeaseRunDeps, "send">): void {
  for (const message of computedMessages(vote)) if (message.leaseId === leaseId) send(message);
}

/** No vote came of it. A stop of the worker keeps the lease, to run it again; whatever else happened ends it. */
async function endWithout({ leaseId, abort }: Run, error: unknown, deps: LeaseRunDeps): Promise<void> {
  const reason: unknown = abort.signal.reason;
  if (reason instanceof DrainingError) return;
  if (reason instanceof LeaseDroppedError) await deps.leases.change(leaseId, () => undefined);
  else await giveUp(leaseId, error, deps);
}

/** Ends a lease that was accepted. */
export async function giveUp(leaseId: string, error: unknown, deps: LeaseRunDeps): Promise<void> {
  deps.log.warn({ err: error, leaseId }, "lease refused");
  await deps.leases.change(leaseId, () => undefined);
  refuseLease(leaseId, error, deps);
}

/** Says the code and one line, never details: they are this machine's business. */
export function refuseLease(
  leaseId: string,
  error: unknown,
  { send, onRefused }: Pick<LeaseRunDeps, "send" | "onRefused">,
): void {
  onRefused(codeOf(error));
  send({ type: "refuse", leaseId, code: codeOf(error), message: publicMessage(error) });
}
