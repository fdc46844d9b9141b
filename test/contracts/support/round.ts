import { signBallot } from "../../../chain/sign.ts";
import { jointHashOf, leafOf, sealOf, votesHashOf } from "../../../protocol/ballot.ts";
import { packDeal } from "../../../protocol/deal-words.ts";
import { taskIdOf } from "../../../protocol/deal.ts";
import type { Deal } from "../../../protocol/deal.ts";
import { ZERO_HASH } from "../../../protocol/primitives.ts";
import type { Address, Hash, Hex } from "../../../protocol/primitives.ts";
import { byTask, byWorker, compactParts, encodeSettlement } from "../../../protocol/settlement.ts";
import type { CarriedVote, OpenedBallot, SettledTask, SettledVote } from "../../../protocol/settlement.ts";
import { ethers } from "./chain.ts";
import type { Account } from "./chain.ts";
import { LANE, POOL } from "./market.ts";
import type { Market } from "./market.ts";
import { FOREVER, addressOf } from "./orders.ts";
import type { OpenedDeal } from "./orders.ts";

/** The two answers that most tests vote on. */
export const RIGHT = ethers.id("right") as Hash;
export const WRONG = ethers.id("wrong") as Hash;

/** One vote of a round: open, unless its worker is `silent`. */
export type Cast = {
  readonly worker: Account;
  readonly opened: OpenedDeal;
  readonly index?: number;
  readonly digest: Hash;
  readonly silent?: boolean;
};

/** The votes that were kept of a task, in the order of the last `TaskKept`. */
export type KeptTask = { readonly opened: OpenedDeal; readonly index?: number; readonly votes: readonly CarriedVote[] };

export type RoundOptions = {
  readonly kept?: readonly KeptTask[];
  readonly callbacks?: readonly Hex[];
  readonly sealBy?: number;
  readonly pool?: bigint;
  readonly lane?: number;
  /** The lane's next one, unless given. */
  readonly epoch?: number;
  /** Deals to be named although nobody votes on them. */
  readonly deals?: readonly OpenedDeal[];
  /** Tasks to be named although nobody votes on them. */
  readonly tasks?: readonly SettledTask[];
};

const USUAL = { pool: POOL, lane: LANE, sealBy: FOREVER, deals: [], tasks: [], kept: [], callbacks: [] };

/** What `seal` and `settle` are called with. */
export type Round = {
  readonly pool: bigint;
  readonly lane: number;
  readonly leaves: readonly Hash[];
  readonly jointHash: Hash;
  readonly deals: readonly Deal[];
  readonly tasks: Hex;
  readonly ballots: readonly OpenedBallot[];
  readonly callbacks: readonly Hex[];
};

/** The secret of a worker's ballots. */
export const secretOf = (worker: Account): Hash => ethers.id(`secret of ${worker.address}`) as Hash;

/** Prepares the next epoch of a lane from these votes: seals them, signs the ballots, packs the stream. */
export async function roundOf(market: Market, casts: readonly Cast[], options: RoundOptions = {}): Promise<Round> {
  const { pool, lane, sealBy, deals, tasks, kept, callbacks } = { ...USUAL, ...options };
  const epoch = options.epoch ?? Number((await market.hub.epochOf(pool, lane)).epoch) + 1;
  const workers = ascending([...new Set(casts.map(({ worker }) => worker))]);
  const opened = sortedDeals([...casts, ...kept].map((named) => named.opened).concat(deals));
  const dealIds = opened.map(({ dealId }) => dealId);
  const leaves: Hash[] = [];
  const ballots: OpenedBallot[] = [];
  for (const worker of workers) {
    const own = casts.filter((cast) => cast.worker === worker);
    const votesHash = votesHashOf(own.map(sealedVote).sort(byTask));
    const signature = await signBallot({ pool, lane, epoch, sealBy, votesHash }, worker, market.ballotDomain);
    const secret = own.every(({ silent }) => silent) ? ZERO_HASH : secretOf(worker);
    ballots.push({ worker: addressOf(worker), sealBy, secret, ...compactParts(signature) });
    leaves.push(leafOf(addressOf(worker), votesHash));
  }
  const voters = new Set(ballots.map(({ worker }) => worker));
  const others = kept.flatMap(({ votes }) => votes.map(({ worker }) => worker)).filter((worker) => !voters.has(worker));
  const all = [...ballots, ...[...new Set(others)].map(emptyBallot)].sort(byWorker);
  return {
    pool,
    lane,
    leaves,
    jointHash: jointHashOf(leaves),
    deals: opened.map(({ deal }) => deal),
    tasks: encodeSettlement(
      [...tasksOf(casts, kept), ...tasks],
      dealIds,
      all.map(({ worker }) => worker),
    ),
    ballots: all,
    callbacks,
  };
}

export function ascending(workers: readonly Account[]): Account[] {
  return [...workers].sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
}

export function seal(market: Market, round: Round, caller: Account = market.operator) {
  return market.hub.connect(caller).seal(round.pool, round.lane, [...round.leaves]);
}

export function settle(market: Market, round: Round, caller: Account = market.operator) {
  const { pool, lane, deals, tasks, ballots, callbacks } = round;
  return market.hub.connect(caller).settle(pool, lane, deals.map(packDeal), tasks, [...ballots], [...callbacks]);
}

/** Seals these votes and settles them in the next block. */
export async function settleVotes(market: Market, casts: readonly Cast[], options: RoundOptions = {}) {
  const round = await roundOf(market, casts, options);
  await seal(market, round);
  return settle(market, round);
}

/** One vote of each of these workers for the same digest. */
export function agreeing(workers: readonly Account[], opened: OpenedDeal, digest: Hash = RIGHT, index = 0): Cast[] {
  return workers.map((worker) => ({ worker, opened, digest, index }));
}

function sealedVote({ worker, opened, index = 0, digest }: Cast) {
  const taskId = taskIdOf(opened.dealId, index);
  return { dealId: opened.dealId, index, taskId, seal: sealOf(addressOf(worker), taskId, digest, secretOf(worker)) };
}

/** Of a worker of whom there are kept votes alone. */
function emptyBallot(worker: Address): OpenedBallot {
  return { worker, sealBy: 0, secret: ZERO_HASH, r: ZERO_HASH, vs: ZERO_HASH };
}

type GatheredTask = { dealId: Hash; index: number; kept: readonly CarriedVote[]; votes: SettledVote[] };

function tasksOf(casts: readonly Cast[], kept: readonly KeptTask[]): SettledTask[] {
  const tasks = new Map<Hash, GatheredTask>();
  for (const { opened, index = 0, votes } of kept) {
    const { dealId } = opened;
    tasks.set(taskIdOf(dealId, index), { dealId, index, kept: votes, votes: [] });
  }
  for (const cast of casts) {
    const { taskId, dealId, index, seal: sealedDigest } = sealedVote(cast);
    const task = tasks.get(taskId) ?? { dealId, index, kept: [], votes: [] };
    const worker = addressOf(cast.worker);
    task.votes.push(cast.silent ? { worker, seal: sealedDigest } : { worker, digest: cast.digest });
    tasks.set(taskId, task);
  }
  return [...tasks.values()];
}

function sortedDeals(opened: readonly OpenedDeal[]): OpenedDeal[] {
  const byId = new Map(opened.map((entry) => [entry.dealId, entry]));
  return [...byId.values()].sort((a, b) => (BigInt(a.dealId) < BigInt(b.dealId) ? -1 : 1));
}
