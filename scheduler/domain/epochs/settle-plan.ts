import { consensusOf, voteWeight } from "../../../protocol/consensus.ts";
import { hasCallback } from "../../../protocol/deal.ts";
import type { Deal } from "../../../protocol/deal.ts";
import { failReasonOf } from "../../../protocol/digest.ts";
import { ZERO_HASH } from "../../../protocol/primitives.ts";
import type { Address, Hash, Hex } from "../../../protocol/primitives.ts";
import { byWorker, compactParts } from "../../../protocol/settlement.ts";
import type { CarriedVote, OpenedBallot, SettledTask, SettledVote } from "../../../protocol/settlement.ts";
import type { EpochRecord, EpochTask, Opening, SignedBallot } from "./epoch-state.ts";
import { openKeptVotes } from "../votes/kept-votes.ts";
import type { TaskRecord } from "../tasks/task-state.ts";
import { weighed } from "../votes/task-votes.ts";

/** The arguments of one `settle`, before encoding. */
export type SettlePlan = {
  readonly lane: number;
  /** Ascending by id. */
  readonly deals: readonly { readonly dealId: Hash; readonly deal: Deal }[];
  readonly tasks: readonly SettledTask[];
  /** Ascending by worker; an empty one for each worker of whom there are kept votes alone. */
  readonly ballots: readonly OpenedBallot[];
  /** For each of the tasks whose deal has a callback, in task order: what its digest is made of, or nothing. */
  readonly callbacks: readonly Hex[];
};

export type Openings = Readonly<Record<Address, Opening>>;

/** What a settle needs to know of its tasks beside the epoch. */
export type SettleFacts = {
  readonly deals: ReadonlyMap<Hash, Deal>;
  /** Tasks that might be settled with an output that nobody has delivered. */
  readonly undelivered: ReadonlySet<Hash>;
  /** Of tasks whose deal has a callback; without one such a task stays open. */
  readonly preimages: ReadonlyMap<Hash, Hex>;
  /** The votes that the chain keeps, by task. */
  readonly kept: ReadonlyMap<Hash, readonly CarriedVote[]>;
};

/** A vote whose digest the pool knows, as the next settle would bring it. */
type OpenVote = { readonly worker: Address; readonly digest: Hash; readonly weight: string };

function openVotesOf(task: TaskRecord, openings: Openings): readonly OpenVote[] {
  const fresh = task.votes.flatMap((vote) => {
    const digest = openings[vote.worker]?.digests[task.taskId];
    return digest && (vote.state === "balloted" || vote.state === "opened") ? [{ ...vote, digest }] : [];
  });
  return [...openKeptVotes(task), ...fresh];
}

/** What the opened votes of one task agree on, by the weights of its votes; undefined without consensus. */
export function agreedDigest(task: TaskRecord, openings: Openings): Hash | undefined {
  return consensusOf(weighed(openVotesOf(task, openings)), task.terms.trust);
}

/** Workers whose opened vote is for `digest`: whom to ask for the output, in the order of their addresses. */
export function agreeingWorkers(task: TaskRecord, digest: Hash, openings: Openings): readonly Address[] {
  const agreeing = openVotesOf(task, openings).filter((vote) => vote.digest === digest);
  return [...agreeing].sort(byWorker).map(({ worker }) => worker);
}

/** A failure has no output, so there is nothing to upload before it is settled. */
export function needsUpload(digest: Hash): boolean {
  return failReasonOf(digest) === undefined;
}

/** What other settles may add to a score between the reading of it and the block that weighs it. */
const SCORE_SLACK = 9;

/** Answers of opened votes that have an output, which nobody has delivered. */
export function undeliveredAnswers(task: TaskRecord, openings: Openings): readonly Hash[] {
  const delivered = task.result === undefined ? undefined : task.digest;
  const open = [...new Set(openVotesOf(task, openings).map(({ digest }) => digest))];
  return open.filter((digest) => digest !== delivered && needsUpload(digest));
}

/**
 * Whether a task can be brought open: the chain weighs by the scores of that moment, and must not come to accept an answer whose
 * output nobody has delivered. `scores` are those of the voters, as read last.
 */
export function isSafeToOpen(task: TaskRecord, openings: Openings, scores: ReadonlyMap<Address, number>): boolean {
  const votes = openVotesOf(task, openings);
  return undeliveredAnswers(task, openings).every((digest) => !mightBeAccepted(task, digest, votes, scores));
}

function mightBeAccepted(
  { terms }: TaskRecord,
  digest: Hash,
  votes: readonly OpenVote[],
  scores: ReadonlyMap<Address, number>,
): boolean {
  const weightOf = (vote: OpenVote): bigint => {
    const score = scores.get(vote.worker) ?? 0;
    return voteWeight(vote.digest === digest ? score + SCORE_SLACK : Math.floor((score * 2) / 3), terms.maxWeight);
  };
  const votesThen = votes.map((vote) => ({ digest: vote.digest, weight: weightOf(vote) }));
  return consensusOf(votesThen, terms.trust) === digest;
}

/**
 * Puts a settle together. The new votes of an undelivered task go in sealed, so that it stays open and nothing is paid that
 * cannot be fetched; one that kept votes alone would decide is left out. Kept votes are always opened as far as the pool can:
 * one that stays sealed too long costs its worker a stake.
 */
export function planSettle(epoch: EpochRecord, openings: Openings, facts: SettleFacts): SettlePlan {
  const { deals, undelivered, preimages, kept } = facts;
  const named = epoch.tasks.filter(
    ({ taskId, byKept = false }) =>
      epoch.ballots.some((ballot) => sealIn(ballot, taskId)) || (byKept && !undelivered.has(taskId)),
  );
  const dealIds = [...new Set(named.map((task) => task.dealId))].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
  const tasks = named.map((task): SettledTask => {
    const carried = kept.get(task.taskId) ?? [];
    const votes = newVotes(epoch, task, undelivered.has(task.taskId) ? {} : openings);
    return { dealId: task.dealId, index: task.index, ...(carried.length > 0 ? { kept: carried } : {}), votes };
  });
  return {
    lane: epoch.lane,
    deals: dealIds.map((dealId) => ({ dealId, deal: deals.get(dealId)! })),
    tasks,
    ballots: withEmptyBallots(
      epoch.ballots.map((ballot) => openedBallot(ballot, openings[ballot.worker])),
      tasks,
    ),
    callbacks: named
      .filter(({ dealId }) => hasCallback(deals.get(dealId)!))
      .map(({ taskId }) => preimages.get(taskId) ?? "0x"),
  };
}

function newVotes(epoch: EpochRecord, { taskId }: EpochTask, openings: Openings): readonly SettledVote[] {
  return epoch.ballots.flatMap((ballot): readonly SettledVote[] => {
    const seal = sealIn(ballot, taskId);
    if (!seal) return [];
    const digest = openings[ballot.worker]?.digests[taskId];
    return [digest ? { worker: ballot.worker, digest } : { worker: ballot.worker, seal }];
  });
}

function sealIn(ballot: SignedBallot, taskId: Hash): Hash | undefined {
  return ballot.votes.find((vote) => vote.taskId === taskId)?.seal;
}

function openedBallot({ worker, sealBy, signature }: SignedBallot, opening: Opening | undefined): OpenedBallot {
  return { worker, sealBy, secret: opening?.secret ?? ZERO_HASH, ...compactParts(signature) };
}

/** A worker of whom only kept votes are brought comes with a ballot that holds nothing. */
function withEmptyBallots(ballots: readonly OpenedBallot[], tasks: readonly SettledTask[]): readonly OpenedBallot[] {
  const present = new Set(ballots.map(({ worker }) => worker));
  const absent = new Set(tasks.flatMap(({ kept = [] }) => kept.map(({ worker }) => worker)));
  const empty = [...absent]
    .filter((worker) => !present.has(worker))
    .map((worker) => ({ worker, sealBy: 0, secret: ZERO_HASH, r: ZERO_HASH, vs: ZERO_HASH }));
  return [...ballots, ...empty].sort(byWorker);
}
