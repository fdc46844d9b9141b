import { tagOf } from "../../protocol/ballot.ts";
import type { Clock } from "../../protocol/clock.ts";
import { dealDeadline } from "../../protocol/deal.ts";
import type { FailReason } from "../../protocol/digest.ts";
import type { Lease } from "../../protocol/lease.ts";
import type { MessageOf, WorkerMessage } from "../../protocol/messages.ts";
import type { Hash } from "../../protocol/primitives.ts";
import { VoteStandsError } from "../errors.ts";
import type { Journal, VoteRecord } from "../journal/journal.ts";

/** What a finished run found, once its result blob is safe on disk. */
export type Answer = {
  readonly digest: Hash;
  readonly result?: NonNullable<VoteRecord["result"]>;
  readonly failed?: FailReason;
};

type Standing = VoteRecord["standing"];

/** The votes of this worker. The first answer to a task is the only one, whatever leases come later. */
export interface VoteBook {
  get(taskId: Hash): VoteRecord | undefined;
  all(): readonly VoteRecord[];
  /**
   * Journals the answer to a task.
   * @throws VoteStandsError when the task has another answer already; that one holds
   */
  record(lease: Lease, answer: Answer): Promise<VoteRecord>;
  /** Lets a standing vote answer one more lease. */
  attach(taskId: Hash, leaseId: string): Promise<void>;
  /** Forgets a lease that the pool dropped; the vote itself stays. */
  detach(taskId: Hash, leaseId: string): Promise<void>;
  /** Notes that the chain keeps the vote, or keeps it no more. */
  keep(taskId: Hash, kept: VoteRecord["kept"]): Promise<void>;
  /** Notes how its task ended. A `closed` may still become known as agreed or differed. */
  finish(taskId: Hash, standing: Standing): Promise<void>;
  /** Notes that it will stand in no ballot: what it says has been shown. */
  giveUp(taskId: Hash): Promise<void>;
  /** Takes back that its task ended: a reorganisation did. */
  reopen(taskId: Hash): Promise<void>;
  /** Removes a vote whose task can never be leased again. */
  forget(taskId: Hash): Promise<void>;
}

export function createVoteBook(votes: Journal["votes"], clock: Clock): VoteBook {
  const revise = async (taskId: Hash, step: (vote: VoteRecord) => VoteRecord): Promise<void> => {
    await votes.change(taskId, (vote) => vote && step(vote));
  };
  return {
    get: (taskId) => votes.get(taskId),
    all: () => votes.all(),
    record: async (lease, answer) => {
      const vote = (await votes.change(lease.taskId, (first) =>
        first ? withLease(first, lease.leaseId) : newVote(lease, answer, clock.now()),
      )) as VoteRecord;
      if (vote.digest !== answer.digest) throw secondAnswer(vote, answer);
      return vote;
    },
    attach: (taskId, leaseId) => revise(taskId, (vote) => withLease(vote, leaseId)),
    detach: (taskId, leaseId) =>
      revise(taskId, (vote) =>
        vote.leaseIds.includes(leaseId) ? { ...vote, leaseIds: vote.leaseIds.filter((id) => id !== leaseId) } : vote,
      ),
    keep: (taskId, kept) =>
      revise(taskId, ({ kept: _before, ...vote }) => ({ ...vote, ...(kept === undefined ? {} : { kept }) })),
    finish: (taskId, standing) =>
      revise(taskId, (vote) =>
        canFinish(vote.standing, standing) ? { ...vote, standing, finishedAt: vote.finishedAt ?? clock.now() } : vote,
      ),
    giveUp: (taskId) =>
      revise(taskId, (vote) => ({
        ...vote,
        standing: "closed",
        givenUpAt: clock.now(),
        finishedAt: vote.finishedAt ?? clock.now(),
      })),
    reopen: (taskId) => revise(taskId, ({ finishedAt: _then, ...vote }) => ({ ...vote, standing: "computed" })),
    forget: async (taskId) => void (await votes.change(taskId, () => undefined)),
  };
}

/** What answers each lease of a vote. */
export function computedMessages(vote: VoteRecord): readonly MessageOf<WorkerMessage, "computed">[] {
  const { taskId, digest } = vote;
  return vote.leaseIds.map((leaseId) => ({ type: "computed", leaseId, taskId, tag: tagOf(taskId, digest) }));
}

function canFinish(from: Standing, to: Standing): boolean {
  return from === "computed" || (from === "closed" && to !== "closed");
}

function withLease(vote: VoteRecord, leaseId: string): VoteRecord {
  return vote.leaseIds.includes(leaseId) ? vote : { ...vote, leaseIds: [...vote.leaseIds, leaseId] };
}

function newVote({ leaseId, taskId, dealId, index, deal }: Lease, answer: Answer, now: number): VoteRecord {
  return {
    taskId,
    dealId,
    index,
    pool: deal.pool,
    lane: deal.lane,
    stake: deal.workerStake,
    deadline: dealDeadline(deal),
    ...answer,
    leaseIds: [leaseId],
    computedAt: now,
    standing: "computed",
  };
}

function secondAnswer(vote: VoteRecord, answer: Answer): VoteStandsError {
  const { taskId, digest } = vote;
  return new VoteStandsError(`Task ${taskId} gave another result this time; the first vote stands`, {
    hint: "The app is not deterministic, or this machine is not reliable",
    details: { taskId, first: digest, second: answer.digest },
  });
}
