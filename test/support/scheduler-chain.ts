import { ballotHash, jointHashOf, leafOf, sealOf, votesHashOf } from "../../protocol/ballot.ts";
import { consensusOf, voteWeight } from "../../protocol/consensus.ts";
import { SETTLE_WINDOW_SECONDS } from "../../protocol/constants.ts";
import { dealDeadline, dealIdOf, hasCallback, taskIdOf } from "../../protocol/deal.ts";
import type { Deal } from "../../protocol/deal.ts";
import { callbackDigest } from "../../protocol/digest.ts";
import { signingDomain } from "../../protocol/orders.ts";
import { ZERO_HASH } from "../../protocol/primitives.ts";
import type { Address, Hash, Hex } from "../../protocol/primitives.ts";
import { encodeSettlement } from "../../protocol/settlement.ts";
import type { CarriedVote, KeptVote, SettledTask, SettledVote } from "../../protocol/settlement.ts";
import { keptVotesHash, KEPT_OPEN_SECONDS } from "../../protocol/kept-votes.ts";
import { getBytes, keccak256, recoverAddress } from "ethers";
import { ChainRevertedError } from "../../chain/errors.ts";
import { MAX_TASKS_PER_DEAL } from "../../scheduler/domain/tasks/task-terms.ts";
import type { SettlePlan } from "../../scheduler/domain/epochs/settle-plan.ts";
import type { Operator, PoolChain, TaskVerdict } from "../../scheduler/ports.ts";
import { GENESIS } from "./scheduler-records.ts";
import { decodeSettlement } from "./scheduler-stream.ts";

export const CHAIN_ID = 31_337;
export const HUB: Address = `0x${"4b".repeat(20)}`;
export const BALLOT_DOMAIN = signingDomain(BigInt(CHAIN_ID), HUB);
export const IMAGE = `registry.example/app@sha256:${"ab".repeat(32)}`;

type Epoch = { epoch: number; sealedAt: number; settled: boolean; jointHash: Hash };

/** `Hub` in memory: the same refusals, skips and consensus, without money. Time moves only when a test moves it. */
export class FakeHub {
  now = GENESIS;
  readonly deals = new Map<Hash, Deal>();
  readonly closed = new Map<Hash, "declined" | "claimed">();
  /** Votes of tasks that stayed open. */
  readonly kept = new Map<Hash, { readonly keptAt: number; readonly votes: readonly KeptVote[] }>();
  /** Seals that were opened on chain. */
  readonly opened = new Set<Hash>();
  /** Who lost a stake and a third of its score by silence, by task. */
  readonly withheld = new Map<Hash, Address[]>();
  /** Digest of every settled task. */
  readonly settled = new Map<Hash, Hash>();
  /** What contracts were called with, by task. */
  readonly called = new Map<Hash, Hex>();
  readonly epochs = new Map<number, Epoch>();
  readonly scores = new Map<Address, number>();
  readonly covers = new Map<Address, bigint>();
  /** Every transaction by its purpose: its outcome is given again, as the sender's journal does. */
  readonly sent = new Map<string, unknown>();
  /** Everything that happened to deals and tasks, in order. */
  readonly events: object[] = [];
  /** By id, as the registry has them. */
  readonly datasets = new Map<bigint, NonNullable<Awaited<ReturnType<PoolChain["datasetOf"]>>>>();
  /** Thrown by every read and act while it is set. */
  outage: Error | undefined;

  openDeal(deal: Deal): Hash {
    const dealId = dealIdOf(deal);
    this.deals.set(dealId, deal);
    this.events.push({ kind: "DealOpened", deal });
    return dealId;
  }

  lastEpoch(lane: number): Epoch {
    return this.epochs.get(lane) ?? { epoch: 0, sealedAt: 0, settled: true, jointHash: ZERO_HASH };
  }

  isOpen(dealId: Hash): boolean {
    return !this.closed.has(dealId) && this.countClosed(dealId) < (this.deals.get(dealId)?.volume ?? 0);
  }

  isClosed(dealId: Hash, index: number): boolean {
    return this.closed.has(dealId) || this.settled.has(taskIdOf(dealId, index));
  }

  countClosed(dealId: Hash): number {
    const length = Math.min(this.deals.get(dealId)?.volume ?? 0, MAX_TASKS_PER_DEAL);
    return Array.from({ length }, (_unused, index) => this.isClosed(dealId, index)).filter(Boolean).length;
  }

  /** Each act mines a block of its own, a second later. */
  once<T>(purpose: string, act: () => T): T {
    if (this.outage) throw this.outage;
    if (!this.sent.has(purpose)) {
      this.now += 1;
      this.sent.set(purpose, act());
    }
    return this.sent.get(purpose) as T;
  }

  seal(lane: number, leaves: readonly Hash[]): { sealedAt: number } {
    const last = this.lastEpoch(lane);
    const isFree = last.settled || this.now > last.sealedAt + SETTLE_WINDOW_SECONDS;
    if (!isFree) throw new ChainRevertedError("HubEpochOpen");
    const epoch = { epoch: last.epoch + 1, sealedAt: this.now, settled: false, jointHash: jointHashOf(leaves) };
    this.epochs.set(lane, epoch);
    return { sealedAt: this.now };
  }

  settle(plan: SettlePlan): readonly TaskVerdict[] {
    const epoch = this.lastEpoch(plan.lane);
    if (epoch.settled) throw new ChainRevertedError("HubEpochNotOpen");
    if (this.now <= epoch.sealedAt) throw new ChainRevertedError("HubSettleTooEarly");
    if (this.now > epoch.sealedAt + SETTLE_WINDOW_SECONDS) throw new ChainRevertedError("HubSettleTooLate");
    const tasks = throughTheWire(plan);
    this.checkBallots(plan, tasks, epoch);
    epoch.settled = true;
    return tasks.flatMap((task) => this.settleTask(plan, task, epoch));
  }

  /** As `Hub.openVote`: whoever knows the secret may. */
  openVote(worker: Address, taskId: Hash, digest: Hash, secret: Hash): void {
    this.opened.add(sealOf(worker, taskId, digest, secret));
    this.events.push({ kind: "VoteOpened", taskId, worker, digest, secret });
  }

  private checkBallots(plan: SettlePlan, tasks: readonly SettledTask[], epoch: Epoch): void {
    const leaves = plan.ballots.flatMap((ballot) => {
      const votes = tasks.flatMap(({ dealId, index, votes: all }) =>
        all
          .filter(({ worker }) => worker === ballot.worker)
          .map((vote) => [taskIdOf(dealId, index), vote] as const)
          .map(([taskId, vote]) => ({ taskId, seal: sealIn(vote, taskId, ballot.secret) })),
      );
      const hasKept = tasks.some(({ kept = [] }) => kept.some(({ worker }) => worker === ballot.worker));
      if (votes.length === 0 && !hasKept) throw new ChainRevertedError("HubBallotEmpty");
      if (votes.length === 0) return [];
      if (ballot.sealBy < epoch.sealedAt) throw new ChainRevertedError("HubBallotExpired");
      const votesHash = votesHashOf(votes);
      const { lane, pool } = { lane: plan.lane, pool: plan.deals[0]!.deal.pool };
      const hash = ballotHash({ pool, lane, epoch: epoch.epoch, sealBy: ballot.sealBy, votesHash }, BALLOT_DOMAIN);
      const signer = recoverAddress(hash, { r: ballot.r, yParityAndS: ballot.vs });
      if (signer.toLowerCase() !== ballot.worker) throw new ChainRevertedError("HubBallotSignature");
      return leafOf(ballot.worker, votesHash);
    });
    if (jointHashOf(leaves) !== epoch.jointHash) throw new ChainRevertedError("HubSealMismatch");
  }

  private settleTask(plan: SettlePlan, task: SettledTask, { sealedAt }: Epoch): readonly TaskVerdict[] {
    const { dealId, index, kept = [] } = task;
    const taskId = taskIdOf(dealId, index);
    const { deal } = plan.deals.find((one) => one.dealId === dealId)!;
    const reason = this.skipReason(deal, task, sealedAt);
    if (reason !== undefined) return [{ kind: "skipped", taskId, reason }];
    this.checkKept(taskId, kept);
    const silent = this.withhold(taskId, deal, kept);
    const votes = this.counted(taskId, deal, task, silent);
    const digest = this.accepted(deal, votes);
    const events = silent.map((worker) => ({ kind: "withheld", taskId, worker }) as const);
    if (digest === undefined || !this.callBack(plan, taskId, digest))
      return [...events, this.keep(task, taskId, votes)];
    this.kept.delete(taskId);
    this.settled.set(taskId, digest);
    this.events.push({ kind: "TaskSettled", dealId, index, digest });
    return [...events, { kind: "settled", taskId, digest }];
  }

  private skipReason(deal: Deal, { dealId, index, kept = [] }: SettledTask, sealedAt: number): string | undefined {
    const end = dealDeadline(deal) + SETTLE_WINDOW_SECONDS;
    if (!this.isOpen(dealId)) return "deal not open";
    if (sealedAt <= deal.openedAt + deal.grace) return "in grace";
    if (sealedAt > dealDeadline(deal) && !(kept.length > 0 && this.now <= end)) return "late";
    return this.isClosed(dealId, index) ? "task closed" : undefined;
  }

  keptOf(taskId: Hash): { keptAt: number; votesHash: Hex } {
    const { keptAt, votes } = this.kept.get(taskId) ?? { keptAt: 0, votes: [] };
    return { keptAt, votesHash: keptVotesHash(votes) };
  }

  private checkKept(taskId: Hash, kept: readonly CarriedVote[]): void {
    const { votesHash } = this.keptOf(taskId);
    if (keptVotesHash(kept) !== votesHash) throw new ChainRevertedError("HubKeptVotesMismatch");
  }

  /** Those that are brought sealed when their time is over: each has lost what a liar loses. */
  private withhold(taskId: Hash, { workerStake }: Deal, kept: readonly CarriedVote[]): readonly Address[] {
    if (this.now <= this.keptOf(taskId).keptAt + KEPT_OPEN_SECONDS) return [];
    const silent = kept.filter(({ isSealed, opening, word }) => isSealed && !opening && !this.opened.has(word));
    const workers = silent.map(({ worker }) => worker);
    for (const worker of workers) {
      const left = this.coverOf(worker) - workerStake;
      this.covers.set(worker, left > 0n ? left : 0n);
      this.scores.set(worker, Math.floor(((this.scores.get(worker) ?? 0) * 2) / 3));
      this.withheld.set(taskId, [...(this.withheld.get(taskId) ?? []), worker]);
      this.events.push({ kind: "VoteWithheld", taskId, worker });
    }
    return workers;
  }

  /** Kept votes first, then the new ones of other workers; of these, those beyond a worker's cover are dropped. */
  private counted(
    taskId: Hash,
    { workerStake }: Deal,
    { kept = [], votes }: SettledTask,
    silent: readonly Address[],
  ): readonly SettledVote[] {
    const carried = kept.map(({ worker, isSealed, word, opening }): SettledVote => {
      if (opening) return { worker, digest: opening.digest };
      return isSealed ? { worker, seal: word } : { worker, digest: word };
    });
    const fresh = votes.filter(({ worker }) => !kept.some((vote) => vote.worker === worker));
    const covered = fresh.filter(({ worker }) => this.coverOf(worker) >= workerStake);
    return [...carried.filter(({ worker }) => !silent.includes(worker)), ...covered];
  }

  private keep({ dealId, index }: SettledTask, taskId: Hash, counted: readonly SettledVote[]): TaskVerdict {
    const votes = counted.map((vote) => ({
      worker: vote.worker,
      isSealed: "seal" in vote,
      word: "seal" in vote ? vote.seal : vote.digest,
    }));
    this.kept.delete(taskId);
    if (votes.length > 0) this.kept.set(taskId, { keptAt: this.now, votes });
    this.events.push({ kind: "TaskKept", dealId, index, votes });
    return { kind: "kept", taskId, votes };
  }

  private coverOf(worker: Address): bigint {
    return this.covers.get(worker) ?? 0n;
  }

  /** Calls a contract that waits for the task; false without the preimage of its digest. */
  private callBack({ deals, tasks, callbacks }: SettlePlan, taskId: Hash, digest: Hash): boolean {
    const waiting = new Set(deals.filter(({ deal }) => hasCallback(deal)).map(({ dealId }) => dealId));
    const called = tasks
      .filter(({ dealId }) => waiting.has(dealId))
      .map(({ dealId, index }) => taskIdOf(dealId, index));
    if (callbacks.length !== called.length) throw new ChainRevertedError("HubCallbackCount");
    if (!called.includes(taskId)) return true;
    const data = callbacks[called.indexOf(taskId)]!;
    if (keccak256(data) === digest) return true; // a failure's text
    if (callbackDigest(getBytes(data)) !== digest) return false;
    this.called.set(taskId, data);
    return true;
  }

  /** A kept vote whose worker has lost its cover weighs nothing, but is not gone. */
  private accepted({ maxWeight, trust, workerStake }: Deal, votes: readonly SettledVote[]): Hash | undefined {
    if (votes.some((vote) => !("digest" in vote))) return undefined;
    const weighing = votes.filter(({ worker }) => this.coverOf(worker) >= workerStake);
    return consensusOf(
      weighing.map((vote) => ({
        digest: "digest" in vote ? vote.digest : ZERO_HASH,
        weight: voteWeight(this.scores.get(vote.worker) ?? 0, maxWeight),
      })),
      trust,
    );
  }
}

/** What the contract would read: the plan, encoded and decoded. */
function throughTheWire({ tasks, deals, ballots }: SettlePlan): readonly SettledTask[] {
  const [dealIds, workers] = [deals.map(({ dealId }) => dealId), ballots.map(({ worker }) => worker)];
  return decodeSettlement(encodeSettlement(tasks, dealIds, workers), dealIds, workers);
}

const sealIn = (vote: SettledVote, taskId: Hash, secret: Hash): Hash =>
  "seal" in vote ? vote.seal : sealOf(vote.worker, taskId, vote.digest, secret);

/** The hub as the pool reads it. */
export function fakePoolChain(hub: FakeHub): PoolChain {
  const read = <T>(answer: () => T): Promise<T> =>
    hub.outage ? Promise.reject(hub.outage) : Promise.resolve(answer());
  return {
    now: () => hub.now,
    dealIsOpen: (dealId) => read(() => hub.isOpen(dealId)),
    dealExists: () => read(() => true),
    isClosed: (dealId, index) => read(() => hub.isClosed(dealId, index)),
    countClosed: (dealId) => read(() => hub.countClosed(dealId)),
    keptVotesOf: (taskId) => read(() => hub.keptOf(taskId)),
    lastEpoch: (lane) => read(() => ({ ...hub.lastEpoch(lane) })),
    standing: (worker) => read(() => ({ score: hub.scores.get(worker) ?? 0, cover: hub.covers.get(worker) ?? 0n })),
    scoreNow: (worker) => read(() => hub.scores.get(worker) ?? 0),
    hasFunds: (account) => read(() => hub.covers.has(account)),
    ...{ imageOf: () => read(() => IMAGE), datasetOf: (dataset) => read(() => hub.datasets.get(dataset)) },
  };
}

/** The hub as the operator acts on it. */
export function fakeOperator(hub: FakeHub): Operator {
  return {
    seal: async (lane, epoch, leaves) =>
      hub.once(`seal ${lane} ${epoch} ${jointHashOf(leaves)}`, () => hub.seal(lane, leaves)),
    settle: async (plan, of) => hub.once(`settle ${plan.lane} ${of.epoch} ${of.sealedAt}`, () => hub.settle(plan)),
    hasLostSeal: async (lane, epoch, leaves) => !hub.sent.has(`seal ${lane} ${epoch} ${jointHashOf(leaves)}`),
    decline: async (dealId, deal) =>
      hub.once(`decline ${dealId}`, () => {
        if (deal.grace === 0 || hub.now > deal.openedAt + deal.grace) throw new ChainRevertedError("HubGraceOver");
        hub.closed.set(dealId, "declined");
        hub.events.push({ kind: "DealDeclined", dealId });
      }),
    claim: async (dealId, deal) =>
      hub.once(`claim ${dealId}`, () => {
        if (hub.now <= dealDeadline(deal) + SETTLE_WINDOW_SECONDS) throw new ChainRevertedError("HubClaimTooEarly");
        hub.closed.set(dealId, "claimed");
        hub.events.push({ kind: "DealClaimed", dealId });
      }),
    ...{ hold: () => Promise.resolve(undefined), redo: () => Promise.resolve([]) },
    isDone: () => Promise.resolve(true),
  };
}
