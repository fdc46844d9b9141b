import { consensusOf } from "../../protocol/consensus.ts";
import { hasCallback } from "../../protocol/deal.ts";
import type { Deal } from "../../protocol/deal.ts";
import { failReasonOf } from "../../protocol/digest.ts";
import { ZERO_HASH } from "../../protocol/primitives.ts";
import type { Address, Hash, Hex } from "../../protocol/primitives.ts";
import { compactParts } from "../../protocol/settlement.ts";
import type { OpenedBallot, SettledTask, SettledVote } from "../../protocol/settlement.ts";
import type { EpochRecord, EpochTask, Opening, SignedBallot } from "./epoch-state.ts";
import type { TaskRecord } from "./task-state.ts";

/** The arguments of one `settle`, before encoding. */
export type SettlePlan = {
  readonly lane: number;
  /** Ascending by id. */
  readonly deals: readonly { readonly dealId: Hash; readonly deal: Deal }[];
  readonly tasks: readonly SettledTask[];
  readonly ballots: readonly OpenedBallot[];
  /** For each of the tasks whose deal has a callback, in task order: what its digest is made of, or nothing. */
  readonly callbacks: readonly Hex[];
};

export type Openings = Readonly<Record<Address, Opening>>;

/** What the opened votes of one task agree on, by the weights of its votes; undefined without consensus. */
export function agreedDigest(task: TaskRecord, openings: Openings): Hash | undefined {
  const votes = task.votes.flatMap((vote) => {
    const digest = openings[vote.worker]?.digests[task.taskId];
    return digest && (vote.state === "balloted" || vote.state === "opened")
      ? [{ digest, weight: BigInt(vote.weight) }]
      : [];
  });
  return consensusOf(votes, task.terms.trust);
}

/** Workers whose opened vote is for `digest`: whom to ask for the output, in the order of their addresses. */
export function agreeingWorkers(
  epoch: EpochRecord,
  taskId: Hash,
  digest: Hash,
  openings: Openings,
): readonly Address[] {
  return epoch.ballots.map(({ worker }) => worker).filter((worker) => openings[worker]?.digests[taskId] === digest);
}

/** A failure has no output, so there is nothing to upload before it is settled. */
export function needsUpload(digest: Hash): boolean {
  return failReasonOf(digest) === undefined;
}

/**
 * Puts a settle together. A task in `withheld` has an output that nobody could deliver: its votes go in sealed, so that it
 * stays open and nothing is paid that cannot be fetched. `preimages` are those of tasks whose deal has a callback; without
 * one such a task stays open too.
 */
export function planSettle(
  epoch: EpochRecord,
  openings: Openings,
  deals: ReadonlyMap<Hash, Deal>,
  withheld: ReadonlySet<Hash>,
  preimages: ReadonlyMap<Hash, Hex>,
): SettlePlan {
  const named = epoch.tasks.filter(({ taskId }) => epoch.ballots.some((ballot) => sealIn(ballot, taskId)));
  const dealIds = [...new Set(named.map((task) => task.dealId))].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
  return {
    lane: epoch.lane,
    deals: dealIds.map((dealId) => ({ dealId, deal: deals.get(dealId)! })),
    tasks: named.map((task) => settledTask(epoch, task, withheld.has(task.taskId) ? {} : openings)),
    ballots: epoch.ballots.map((ballot) => openedBallot(ballot, openings[ballot.worker])),
    callbacks: named
      .filter(({ dealId }) => hasCallback(deals.get(dealId)!))
      .map(({ taskId }) => preimages.get(taskId) ?? "0x"),
  };
}

function settledTask(epoch: EpochRecord, { taskId, dealId, index }: EpochTask, openings: Openings): SettledTask {
  const votes = epoch.ballots.flatMap((ballot): readonly SettledVote[] => {
    const seal = sealIn(ballot, taskId);
    if (!seal) return [];
    const digest = openings[ballot.worker]?.digests[taskId];
    return [digest ? { worker: ballot.worker, digest } : { worker: ballot.worker, seal }];
  });
  return { dealId, index, votes };
}

function sealIn(ballot: SignedBallot, taskId: Hash): Hash | undefined {
  return ballot.votes.find((vote) => vote.taskId === taskId)?.seal;
}

function openedBallot({ worker, sealBy, signature }: SignedBallot, opening: Opening | undefined): OpenedBallot {
  return { worker, sealBy, secret: opening?.secret ?? ZERO_HASH, ...compactParts(signature) };
}
