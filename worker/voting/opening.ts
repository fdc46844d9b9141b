import { jointHashOf } from "../../protocol/ballot.ts";
import { SETTLE_WINDOW_SECONDS } from "../../protocol/constants.ts";
import type { MessageOf, WorkerMessage } from "../../protocol/messages.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import type { LaneState } from "../chain/worker-chain.ts";
import type { BallotRecord } from "../journal/journal.ts";
import { leafOfBallot } from "./ballot-desk.ts";
import type { VoteBook } from "./vote-book.ts";

/**
 * What to do with a ballot whose leaves the pool has named.
 *
 * - `wait`      the seal is not confirmed yet
 * - `open`      the chain holds exactly these leaves, ours among them
 * - `left-out`  the chain holds exactly these leaves, ours is not among them
 * - `mismatch`  the chain holds other leaves: the pool lies, or the chain was reorganised
 * - `late`      the epoch cannot be settled with it any more
 */
type OpeningVerdict = "wait" | "open" | "left-out" | "mismatch" | "late";

/** Decides by a confirmed state of the lane; a vote that is opened too early could be copied. */
export function openingVerdict(
  worker: Address,
  ballot: BallotRecord,
  leaves: readonly Hash[],
  lane: LaneState,
): OpeningVerdict {
  if (lane.epoch < ballot.epoch) return lane.now > ballot.sealBy ? "late" : "wait";
  if (isOver(ballot, lane)) return "late";
  if (jointHashOf(leaves) !== lane.jointHash) return "mismatch";
  return leaves.includes(leafOfBallot(worker, ballot)) ? "open" : "left-out";
}

function isOver({ epoch }: BallotRecord, lane: LaneState): boolean {
  return lane.epoch > epoch || lane.settled || lane.now > lane.sealedAt + SETTLE_WINDOW_SECONDS;
}

/** Gives a ballot's secret away. Only for ballots that are journalled as opened. */
export function openMessage(ballot: BallotRecord, votes: VoteBook): MessageOf<WorkerMessage, "open"> {
  const { pool, lane, epoch, secret } = ballot;
  const digests = ballot.votes.flatMap(({ taskId }) => {
    const vote = votes.get(taskId);
    return vote ? [{ taskId, digest: vote.digest }] : [];
  });
  return { type: "open", pool, lane, epoch, secret, digests };
}

export function ballotMessage(ballot: BallotRecord): MessageOf<WorkerMessage, "ballot"> {
  const { pool, lane, epoch, sealBy, signature } = ballot;
  const votes = ballot.votes.map(({ taskId, seal }) => ({ taskId, seal }));
  return { type: "ballot", pool, lane, epoch, sealBy, votes, signature };
}
