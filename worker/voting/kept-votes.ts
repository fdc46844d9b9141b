import type { WorkerChain } from "../chain/worker-chain.ts";
import type { BallotRecord, Journal, VoteRecord } from "../journal/journal.ts";
import type { VoteBook } from "./vote-book.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";

/** What of a worker's votes the chain keeps. */

type KeptDeps = {
  readonly worker: Address;
  readonly votes: VoteBook;
  readonly chain: WorkerChain;
};

/** A vote that is kept: its stake is at risk until its task is over or the vote is gone. */
export type KeptRecord = VoteRecord & { readonly kept: NonNullable<VoteRecord["kept"]> };

export function isKept(vote: VoteRecord): vote is KeptRecord {
  return vote.standing === "computed" && vote.kept !== undefined;
}

/** Asks the chain whether it keeps a vote whose epoch was settled, and writes that down. */
export async function lookForKept(vote: VoteRecord, { worker, votes, chain }: KeptDeps): Promise<void> {
  const { taskClosed, kept } = await chain.keptOf(vote.dealId, vote.index);
  if (taskClosed || kept.keptAt === (vote.kept?.at ?? 0)) return;
  if (kept.keptAt === 0) return votes.keep(vote.taskId, undefined);
  const list = await chain.keptVotes(vote, kept);
  const own = list.find((each) => each.worker === worker);
  await votes.keep(vote.taskId, own && { at: kept.keptAt, ...(own.isSealed ? { seal: own.word } : {}) });
}

/** The ballot that a kept vote was sealed in: it has the secret. */
export function ballotOf(seal: Hash, ballots: Journal["ballots"]): BallotRecord | undefined {
  return ballots.all().find(({ votes }) => votes.some((vote) => vote.seal === seal));
}
