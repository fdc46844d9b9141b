import { coverOf } from "../../chain/reader.ts";
import type { WorkerState } from "../../chain/reader.ts";
import { BALLOT_OPEN_SECONDS, SETTLE_WINDOW_SECONDS } from "../../protocol/constants.ts";
import type { LaneState } from "../chain/worker-chain.ts";
import type { BallotRecord, VoteRecord } from "../journal/journal.ts";
import { isKept } from "./kept-votes.ts";

/** Why a ballot can no longer cost anything. */
type BallotEnd = NonNullable<BallotRecord["ended"]>;

/**
 * Whether a ballot is past all danger, judged by a confirmed state of its lane. Until then its stakes are at risk: it may
 * be sealed up to and including `sealBy`, and settled up to and including the end of the window after its seal.
 */
export function ballotEnd({ epoch, sealBy }: BallotRecord, lane: LaneState): BallotEnd | undefined {
  if (lane.epoch < epoch) return lane.now > sealBy ? "expired" : undefined;
  // A later seal is only possible once the earlier epoch is settled or abandoned.
  if (lane.epoch > epoch) return "settled";
  if (lane.settled) return "settled";
  return lane.now > lane.sealedAt + SETTLE_WINDOW_SECONDS ? "abandoned" : undefined;
}

/** Wei that live ballots and kept votes may still cost. */
export function stakeAtRisk(ballots: readonly BallotRecord[], votes: readonly VoteRecord[]): bigint {
  const live = ballots.filter(({ ended }) => ended === undefined).flatMap((ballot) => ballot.votes);
  const inBallots = new Set(live.map(({ taskId }) => taskId));
  const kept = votes.filter((vote) => isKept(vote) && !inBallots.has(vote.taskId));
  return [...live, ...kept].reduce((sum, { stake }) => sum + stake, 0n);
}

/** Wei that surely still back a ballot signed at `now`, whenever it is sealed. */
export function coverAt(bond: WorkerState, now: number): bigint {
  return coverOf(bond, now + BALLOT_OPEN_SECONDS);
}

/** Takes what fits into `budget` wei, in the order given, and leaves the rest. */
export function withinBudget<T extends { readonly stake: bigint }>(votes: readonly T[], budget: bigint): readonly T[] {
  let left = budget;
  return votes.filter(({ stake }) => {
    if (stake > left) return false;
    left -= stake;
    return true;
  });
}
