import { sealOf } from "../../../protocol/ballot.ts";
import type { Address, Hash } from "../../../protocol/primitives.ts";
import type { EpochRecord, Opening, SignedBallot } from "./epoch-state.ts";

/**
 * A seal must not come after `sealBy`, and one that does blocks its lane for an hour: a ballot is of use only when it leaves
 * this many seconds after the last ballot may have come in.
 */
export const SEAL_MARGIN_SECONDS = 30;

/** Why a ballot is not taken; undefined when it is good. Its signature is checked by whoever can recover it. */
export function ballotFault(epoch: EpochRecord, ballot: SignedBallot, now: number): string | undefined {
  const asked = epoch.asked[ballot.worker];
  if (!asked) return "was not asked";
  if (ballot.sealBy < Math.max(now, epoch.ballotsUntil) + SEAL_MARGIN_SECONDS) return "leaves too little time to seal";
  const places = ballot.votes.map(({ taskId }) => asked.indexOf(taskId));
  const ascending = places.every((place, index) => place >= 0 && (index === 0 || place > places[index - 1]!));
  return ascending ? undefined : "names tasks that were not asked for, or out of order";
}

/** Keeps those of the opened digests that fit the seals in the worker's ballot. */
export function checkOpening(
  worker: Address,
  ballot: SignedBallot,
  secret: Hash,
  digests: readonly { readonly taskId: Hash; readonly digest: Hash }[],
): Opening {
  const seals = new Map(ballot.votes.map(({ taskId, seal }) => [taskId, seal]));
  const fitting = digests.filter(({ taskId, digest }) => sealOf(worker, taskId, digest, secret) === seals.get(taskId));
  return { secret, digests: Object.fromEntries(fitting.map(({ taskId, digest }) => [taskId, digest])) };
}
