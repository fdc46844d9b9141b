import { taskIdOf } from "../../../protocol/deal.ts";
import type { Deal } from "../../../protocol/deal.ts";
import type { Address, Hash } from "../../../protocol/primitives.ts";

/**
 * A settle as the design tells it ("Votes, ballots, epochs"), in plain words and slowly: no netting, no packing, nothing of
 * `protocol/` that the contracts are compared with elsewhere. Amounts are wei, times seconds.
 */

/** A worker at the start of a settle. */
export type ModelWorker = {
  readonly bonded: bigint;
  readonly unbonding: bigint;
  readonly readyAt: bigint;
  readonly score: bigint;
};

/** A vote; without a digest it was not opened. A kept one whose worker lost its cover is weightless: it can only lose. */
export type ModelVote = {
  readonly worker: Address;
  readonly digest: Hash | undefined;
  readonly isWeightless?: boolean;
};

/** A vote that an earlier settle kept. */
export type ModelKept = ModelVote & {
  /** What it is opened with in this settle, where it was kept without a digest. */
  readonly opening?: Hash | undefined;
};

export type ModelTask = {
  readonly dealId: Hash;
  readonly deal: Deal;
  readonly index: number;
  /** When votes were kept of it. */
  readonly keptAt: bigint;
  readonly kept: readonly ModelKept[];
  /** Ascending by worker. */
  readonly votes: readonly ModelVote[];
};

export type ModelRound = {
  readonly sealedAt: bigint;
  readonly settledAt: bigint;
  /** Ascending by deal, then by index. */
  readonly tasks: readonly ModelTask[];
  readonly workers: ReadonlyMap<Address, ModelWorker>;
  /** Ids of the tasks that were closed before. */
  readonly closed: ReadonlySet<Hash>;
};

/** Name and arguments of an event. */
export type ModelEvent = readonly [name: string, ...args: (string | bigint)[]];
export type Change = { readonly available: bigint; readonly locked: bigint };

export type ModelOutcome = {
  /** In their order, the slashes behind the tasks. */
  readonly events: readonly ModelEvent[];
  /** Of those accounts alone whose balances the settle touches. */
  readonly changes: ReadonlyMap<Address, Change>;
  readonly burned: bigint;
  readonly workers: ReadonlyMap<Address, ModelWorker>;
  /** Ids of the tasks that are closed afterwards. */
  readonly closed: ReadonlySet<Hash>;
  /** What is kept of the tasks that stay open, by id. */
  readonly kept: ReadonlyMap<Hash, readonly ModelVote[]>;
};

const MILL = 10n ** 18n;
const WINDOW = 3_600n;
const OPEN = 600n;
const SECONDS_OF_CATEGORY = [300n, 1_200n, 3_600n, 10_800n, 36_000n];
const HIGHEST_SCORE = 2n ** 24n - 1n;
const SKIP = { dealNotOpen: 1n, inGrace: 2n, late: 3n, taskClosed: 4n };

/** What a worker has at stake in this settle, and what becomes of it. */
type Voter = {
  readonly cover: bigint;
  used: bigint;
  readonly score: bigint;
  lost: bigint;
  gains: bigint;
  differed: bigint;
};
/** All that changes while the tasks are gone through. */
type Books = {
  readonly round: ModelRound;
  readonly voters: Map<Address, Voter>;
  readonly changes: Map<Address, Change>;
  readonly events: ModelEvent[];
  readonly closed: Set<Hash>;
  readonly kept: Map<Hash, readonly ModelVote[]>;
  burned: bigint;
};

export function settleModel(round: ModelRound): ModelOutcome {
  const voters = new Map([...round.workers].map(([worker, account]) => [worker, voterOf(account, round.sealedAt)]));
  const closedBefore = new Set(round.closed);
  const books: Books = {
    ...{ round, voters, changes: new Map(), events: [], closed: closedBefore, kept: new Map(), burned: 0n },
  };
  for (const task of round.tasks) settleTask(books, task);
  const workers = new Map<Address, ModelWorker>();
  for (const [worker, account] of round.workers) workers.set(worker, closeVoter(books, worker, account));
  const { events, changes, burned, closed, kept } = books;
  return { events, changes, burned, workers, closed, kept };
}

/** `min(max(score / 3, 3) - 1, maxWeight)`. */
export function modelWeight(score: bigint, maxWeight: bigint): bigint {
  const third = score / 3n;
  const weight = (third > 3n ? third : 3n) - 1n;
  return weight < maxWeight ? weight : maxWeight;
}

/** The whole part of the logarithm to base 2. */
export function modelShares(weight: bigint): bigint {
  return BigInt(weight.toString(2).length - 1);
}

/** What is bonded, and what is on its way out if it is ready after the epoch's last second. */
function voterOf({ bonded, unbonding, readyAt, score }: ModelWorker, sealedAt: bigint): Voter {
  const cover = readyAt > sealedAt + WINDOW ? bonded + unbonding : bonded;
  return { cover, used: 0n, score, lost: 0n, gains: 0n, differed: 0n };
}

function settleTask(books: Books, task: ModelTask): void {
  const taskId = taskIdOf(task.dealId, task.index);
  const reason = skipReason(books, task);
  const before = reason === undefined ? countKept(books, task, taskId) : [];
  const counted = [...before, ...countNew(books, task)];
  if (reason !== undefined) {
    books.events.push(["TaskSkipped", taskId, reason]);
    return;
  }
  const digest = acceptedDigest(books, task.deal, counted);
  if (digest === undefined) {
    books.kept.set(taskId, counted);
    books.events.push(["TaskKept", task.dealId, BigInt(task.index), ...counted.map(told)]);
    return;
  }
  books.closed.add(taskId);
  books.events.push(["TaskSettled", task.dealId, BigInt(task.index), digest]);
  payParties(books, task.deal);
  // Where the kept votes had decided alone, the answer could be read.
  const earning = acceptedDigest(books, task.deal, before) === digest ? before : counted;
  payWorkers(books, task.deal, { counted, earning, digest });
}

/** Kept votes as the event tells them. */
export function told({ worker, digest }: ModelVote): string {
  return `${worker} ${digest ?? "sealed"}`;
}

/** They use up no cover; one that should have been opened costs what a lie costs, and does not count. */
function countKept({ round, voters, events }: Books, task: ModelTask, taskId: Hash): ModelVote[] {
  const isOverdue = round.settledAt > task.keptAt + OPEN;
  const counted: ModelVote[] = [];
  for (const { worker, digest: kept, opening } of task.kept) {
    const voter = voters.get(worker)!;
    const digest = kept ?? opening;
    if (digest !== undefined || !isOverdue) {
      counted.push({ worker, digest, isWeightless: voter.cover < task.deal.workerStake });
      continue;
    }
    voter.lost += task.deal.workerStake;
    voter.differed += 1n;
    events.push(["VoteWithheld", taskId, worker]);
  }
  return counted;
}

/** A worker's first vote for a task stands: who has a kept one has no other. */
function countNew({ voters }: Books, { kept, votes, deal }: ModelTask): ModelVote[] {
  const covered = votes.filter(({ worker }) => useCover(voters.get(worker)!, deal.workerStake));
  return covered.filter((vote) => !kept.some(({ worker }) => worker === vote.worker));
}

/** Every vote uses up its stake, whatever becomes of it; one beyond the cover is dropped. */
function useCover(voter: Voter, stake: bigint): boolean {
  if (voter.cover - voter.used < stake) return false;
  voter.used += stake;
  return true;
}

/** Whether its deal was open before the settle; then by times; then whether the task was. */
function skipReason({ round }: Books, { dealId, deal, index, kept }: ModelTask): bigint | undefined {
  const isClosed = (i: number): boolean => round.closed.has(taskIdOf(dealId, i));
  if (Array.from({ length: deal.volume }, (_unused, i) => i).every(isClosed)) return SKIP.dealNotOpen;
  if (round.sealedAt <= BigInt(deal.openedAt + deal.grace)) return SKIP.inGrace;
  const deadline = BigInt(deal.openedAt) + 10n * SECONDS_OF_CATEGORY[deal.category]!;
  const isInOvertime = kept.length > 0 && round.settledAt <= deadline + WINDOW;
  if (round.sealedAt > deadline && !isInOvertime) return SKIP.late;
  return isClosed(index) ? SKIP.taskClosed : undefined;
}

/** The digest whose votes have the odds; none where a vote was not opened. */
function acceptedDigest(books: Books, deal: Deal, counted: readonly ModelVote[]): Hash | undefined {
  const groups = new Map<Hash, bigint>();
  for (const { worker, digest, isWeightless } of counted) {
    if (digest === undefined) return undefined;
    if (isWeightless) continue;
    groups.set(digest, (groups.get(digest) ?? 1n) * weightOf(books, deal, worker));
  }
  const total = [...groups.values()].reduce((sum, weight) => sum + weight, 1n);
  const trust = BigInt(deal.trust);
  return [...groups].find(([, weight]) => weight * trust > total * (trust - 1n))?.[0];
}

function weightOf({ voters }: Books, deal: Deal, worker: Address): bigint {
  return modelWeight(voters.get(worker)!.score, BigInt(deal.maxWeight));
}

/** Payer, owners and fire: all but what the workers divide. */
function payParties(books: Books, deal: Deal): void {
  change(books, deal.payer, { locked: -(deal.appPrice + deal.datasetPrice + deal.poolPrice) });
  change(books, deal.appOwner, { available: deal.appPrice });
  if (deal.dataset !== 0n) change(books, deal.datasetOwner, { available: deal.datasetPrice });
  change(books, deal.poolOwner, { available: deal.poolStake, locked: -deal.poolStake });
  change(books, deal.poolOwner, { available: schedulerPart(deal) });
  books.burned += deal.poolPrice / 100n;
}

/** At most what is left when 1 % is burned. */
function schedulerPart({ poolPrice, schedulerShare }: Deal): bigint {
  const [left, part] = [poolPrice - poolPrice / 100n, (poolPrice * BigInt(schedulerShare)) / 10_000n];
  return part < left ? part : left;
}

type Accepted = {
  readonly counted: readonly ModelVote[];
  readonly earning: readonly ModelVote[];
  readonly digest: Hash;
};

/** The rest by shares, its dust to the pool owner; the others lose their stakes. */
function payWorkers(books: Books, deal: Deal, { counted, earning, digest }: Accepted): void {
  const part = deal.poolPrice - deal.poolPrice / 100n - schedulerPart(deal);
  const agreeing = earning.filter((vote) => vote.digest === digest && !vote.isWeightless);
  const sharesOf = ({ worker }: ModelVote): bigint => modelShares(weightOf(books, deal, worker));
  const shares = agreeing.reduce((sum, vote) => sum + sharesOf(vote), 0n);
  let dust = part;
  for (const vote of agreeing) {
    const reward = (part * sharesOf(vote)) / shares;
    change(books, vote.worker, { available: reward });
    dust -= reward;
    if (agreeing.length > 1 && deal.poolPrice >= MILL) books.voters.get(vote.worker)!.gains += 1n;
  }
  change(books, deal.poolOwner, { available: dust });
  for (const { worker } of counted.filter((vote) => vote.digest !== digest)) {
    const voter = books.voters.get(worker)!;
    voter.lost += deal.workerStake;
    voter.differed += 1n;
  }
}

/** Burns what the worker lost, of what is bonded first; its score gains first, then falls by a third a vote. */
function closeVoter(books: Books, worker: Address, account: ModelWorker): ModelWorker {
  const { cover, gains, differed, ...voter } = books.voters.get(worker)!;
  // Kept votes are covered one by one: together they may stake more than there is.
  const lost = voter.lost < cover ? voter.lost : cover;
  if (lost > 0n) {
    change(books, worker, { locked: -lost });
    books.burned += lost;
    books.events.push(["Slashed", worker, lost]);
  }
  const fromBonded = lost < account.bonded ? lost : account.bonded;
  let score = account.score + gains;
  for (let i = 0n; i < differed; i++) score = (score * 2n) / 3n;
  return {
    bonded: account.bonded - fromBonded,
    unbonding: account.unbonding - (lost - fromBonded),
    readyAt: account.readyAt,
    score: score < HIGHEST_SCORE ? score : HIGHEST_SCORE,
  };
}

function change({ changes }: Books, account: Address, by: Partial<Change>): void {
  const { available, locked } = changes.get(account) ?? { available: 0n, locked: 0n };
  changes.set(account, { available: available + (by.available ?? 0n), locked: locked + (by.locked ?? 0n) });
}
