import type { Logger } from "pino";

import { leafOf, sealOf, votesHashOf } from "../../protocol/ballot.ts";
import type { Ballot } from "../../protocol/ballot.ts";
import { BALLOT_OPEN_SECONDS } from "../../protocol/constants.ts";
import type { MessageOf, SchedulerMessage } from "../../protocol/messages.ts";
import type { Address, Hash, Hex } from "../../protocol/primitives.ts";
import { byTask } from "../../protocol/settlement.ts";
import type { LaneState, LaneView, WorkerChain } from "../chain/worker-chain.ts";
import { BallotStandingError, EpochSealedError, NotOpenedError, NothingToVoteError } from "../errors.ts";
import { epochKey } from "../journal/journal.ts";
import type { BallotRecord, EpochName, Journal, VoteRecord } from "../journal/journal.ts";
import { lookForKept } from "./kept-votes.ts";
import { ballotEnd, coverAt, stakeAtRisk, withinBudget } from "./stake.ts";
import type { VoteBook } from "./vote-book.ts";

type BallotDeskDeps = {
  readonly worker: Address;
  readonly votes: VoteBook;
  readonly ballots: Journal["ballots"];
  readonly chain: WorkerChain;
  /** EIP-712 in the domain of `Hub`; 64 bytes. */
  readonly sign: (ballot: Ballot) => Promise<Hex>;
  /** 32 fresh random bytes. */
  readonly newSecret: () => Hash;
  /** Most wei that all live ballots together may put at risk, whatever the bond. */
  readonly maxExposure: bigint;
  readonly log: Logger;
};

/** Signs ballots, and never more than the rules of docs/protocol.md, "What a worker signs", allow. */
export interface BallotDesk {
  /**
   * The ballot for an epoch, journalled before this returns. Asked again while the last one may still be sealed, it gives
   * that one, whatever tasks are asked for now.
   * @throws EpochSealedError | BallotStandingError | NothingToVoteError, or what the chain throws
   */
  ballotFor(wanted: MessageOf<SchedulerMessage, "ballot?">): Promise<BallotRecord>;
  /**
   * Gives up the vote for a task unless it is open or over already, so that what it says may be shown: it enters no ballot any more.
   * @throws NotOpenedError when it stands in a ballot that is not open, or too many were given up today
   */
  giveUp(vote: VoteRecord): Promise<void>;
  /** Looks at the chain and marks the ballots that can no longer cost anything; forgets those of no more use. */
  review(): Promise<void>;
}

export function createBallotDesk(deps: BallotDeskDeps): BallotDesk {
  // One at a time: two ballots signed side by side would each count the whole cover.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <R>(work: () => Promise<R>): Promise<R> => {
    const mine = last.then(work, work);
    last = mine;
    return mine;
  };
  return {
    ballotFor: (wanted) => inTurn(() => ballotFor(wanted, deps)),
    giveUp: (vote) => inTurn(() => giveUp(vote, deps)),
    review: () =>
      inTurn(async () => {
        const laneOf = confirmedLanes(deps);
        await endBallots(laneOf, deps);
        await forgetBallots(laneOf, deps);
      }),
  };
}

async function ballotFor(wanted: MessageOf<SchedulerMessage, "ballot?">, deps: BallotDeskDeps): Promise<BallotRecord> {
  const lane = await deps.chain.laneOf(wanted.pool, wanted.lane);
  if (lane.head.epoch >= wanted.epoch) {
    throw new EpochSealedError(`Epoch ${wanted.epoch} of lane ${wanted.lane} is sealed already`, {
      details: { ...wanted },
    });
  }
  const standing = standingBallot(deps.ballots.get(epochKey(wanted)), lane);
  if (standing) return standing.ended === undefined ? standing : await revive(standing, deps);

  await endBallots(confirmedLanes(deps), deps);
  await reopenVotes(wanted.tasks, deps);
  const votes = await affordable(eligible(wanted, lane, deps.votes), lane, deps);
  const record = await signBallot(wanted, votes, lane.head.now, deps);
  await deps.ballots.change(epochKey(record), () => record);
  return record;
}

/** @throws BallotStandingError when the last ballot is of no use any more, but not surely dead either */
function standingBallot(ballot: BallotRecord | undefined, lane: LaneView): BallotRecord | undefined {
  if (!ballot || lane.confirmed.now > ballot.sealBy) return undefined;
  if (lane.head.now <= ballot.sealBy) return ballot;
  throw new BallotStandingError(`The last ballot for epoch ${ballot.epoch} might still be sealed`, {
    details: { epoch: ballot.epoch, sealBy: ballot.sealBy, confirmedTime: lane.confirmed.now },
  });
}

/** The wanted votes that could count in this epoch, each once, in task order. Tasks of unknown deals are left out. */
function eligible(
  wanted: EpochName & { tasks: readonly Hash[] },
  lane: LaneView,
  votes: VoteBook,
): readonly VoteRecord[] {
  const known = [...new Set(wanted.tasks)].flatMap((taskId) => votes.get(taskId) ?? []);
  const fits = (vote: VoteRecord): boolean =>
    vote.pool === wanted.pool &&
    vote.lane === wanted.lane &&
    vote.standing === "computed" &&
    vote.kept === undefined &&
    vote.deadline >= lane.head.now;
  return known.filter(fits).sort(byTask);
}

/** @throws NothingToVoteError */
async function affordable(
  votes: readonly VoteRecord[],
  lane: LaneView,
  deps: BallotDeskDeps,
): Promise<readonly VoteRecord[]> {
  const cover = coverAt(await deps.chain.bondOf(deps.worker), lane.head.now);
  const limit = cover < deps.maxExposure ? cover : deps.maxExposure;
  const atRisk = stakeAtRisk(deps.ballots.all(), deps.votes.all());
  const chosen = withinBudget(votes, limit > atRisk ? limit - atRisk : 0n);
  if (chosen.length > 0) return chosen;
  throw new NothingToVoteError(
    votes.length === 0 ? "None of these tasks has an open vote here" : "The bond does not cover any of these votes now",
    { details: { open: votes.length, cover, atRisk } },
  );
}

async function signBallot(
  { pool, lane, epoch }: EpochName,
  votes: readonly VoteRecord[],
  now: number,
  { worker, sign, newSecret }: BallotDeskDeps,
): Promise<BallotRecord> {
  const secret = newSecret();
  const sealed = votes.map(({ taskId, digest, stake }) => ({
    taskId,
    seal: sealOf(worker, taskId, digest, secret),
    stake,
  }));
  const sealBy = Math.min(now + BALLOT_OPEN_SECONDS, ...votes.map(({ deadline }) => deadline));
  const votesHash = votesHashOf(sealed);
  const signature = await sign({ pool, lane, epoch, sealBy, votesHash });
  return { pool, lane, epoch, sealBy, secret, votesHash, signature, votes: sealed, opened: false };
}

/**
 * So many votes that are not open can be had from this worker by asking for them, until the journal forgets them, a day later or more:
 * enough to name what apps change, too few to live on.
 */
const MOST_GIVEN_UP = 10;

async function giveUp({ taskId }: VoteRecord, { votes, ballots }: BallotDeskDeps): Promise<void> {
  const vote = votes.get(taskId);
  const holding = ballots.all().filter((ballot) => ballot.votes.some((each) => each.taskId === taskId));
  if (vote?.standing !== "computed" || holding.some(({ opened }) => opened)) return;
  // Also one that ended: a reorganisation may bring it back, and its vote then has to be opened.
  if (vote.kept !== undefined || holding.length > 0) {
    throw new NotOpenedError("The vote for that task stands in a ballot that is not open yet");
  }
  if (votes.all().filter(({ givenUpAt }) => givenUpAt !== undefined).length >= MOST_GIVEN_UP) {
    throw new NotOpenedError(`${MOST_GIVEN_UP} votes were given up of late, and no more will be`);
  }
  await votes.giveUp(taskId);
}

type LaneOf = (place: EpochName) => Promise<LaneState>;

/** Lanes as they are confirmed now, each read once. */
function confirmedLanes({ chain }: BallotDeskDeps): LaneOf {
  const known = new Map<string, Promise<LaneView>>();
  return async ({ pool, lane }) => {
    const key = `${pool}-${lane}`;
    const view = known.get(key) ?? chain.laneOf(pool, lane);
    known.set(key, view);
    return (await view).confirmed;
  };
}

async function endBallots(laneOf: LaneOf, deps: BallotDeskDeps): Promise<void> {
  const { ballots } = deps;
  for (const ballot of ballots.all()) {
    const confirmed = await laneOf(ballot);
    if (ballot.ended !== undefined) {
      if (mayBeSealed(ballot, confirmed)) await revive(ballot, deps);
      continue;
    }
    const ended = ballotEnd(ballot, confirmed);
    // First what the chain keeps of it, so that no stake at risk is forgotten in between.
    if (ended === "settled" && !(await knowsKept(ballot, deps))) continue;
    if (ended) await ballots.change(epochKey(ballot), (now) => now && { ...now, ended });
  }
}

/** Whatever was seen of its epoch, the chain has it no more, and might get it again. */
function mayBeSealed({ epoch, sealBy }: BallotRecord, lane: LaneState): boolean {
  return lane.epoch < epoch && lane.now <= sealBy;
}

/** A ballot whose epoch a reorganisation took back costs what it did before that: it may be sealed again, and opened. */
async function revive(ballot: BallotRecord, deps: BallotDeskDeps): Promise<BallotRecord> {
  await reopenVotes(
    ballot.votes.map(({ taskId }) => taskId),
    deps,
  );
  deps.log.warn({ lane: ballot.lane, epoch: ballot.epoch }, "the chain fell back: a ballot may be sealed again");
  const { ended: _over, ...live } = ballot;
  await deps.ballots.change(epochKey(ballot), (now) => now && live);
  return live;
}

/** Votes of tasks that the chain has open again stand as before. */
async function reopenVotes(taskIds: readonly Hash[], { votes, chain }: BallotDeskDeps): Promise<void> {
  // What was given up has been shown, and votes on no branch.
  const isOver = ({ standing, givenUpAt }: VoteRecord): boolean => standing !== "computed" && givenUpAt === undefined;
  const over = taskIds.flatMap((taskId) => votes.get(taskId) ?? []).filter(isOver);
  await Promise.all(
    over.map(async ({ taskId, dealId, index }) => {
      const { dealOpen, taskClosed } = await chain.taskOf(dealId, index);
      if (dealOpen && !taskClosed) await votes.reopen(taskId);
    }),
  );
}

/** How many votes the chain is asked about at a time. */
const AT_ONCE = 50;

/** Looks what is kept of a settled ballot; false when the chain could not tell: then the ballot does not count as ended yet. */
async function knowsKept(ballot: BallotRecord, deps: BallotDeskDeps): Promise<boolean> {
  const open = ballot.votes
    .flatMap(({ taskId }) => deps.votes.get(taskId) ?? [])
    .filter(({ standing }) => standing === "computed");
  try {
    for (let at = 0; at < open.length; at += AT_ONCE) {
      await Promise.all(open.slice(at, at + AT_ONCE).map((vote) => lookForKept(vote, deps)));
    }
    return true;
  } catch (error) {
    deps.log.warn({ err: error, lane: ballot.lane, epoch: ballot.epoch }, "kept votes of an epoch cannot be read yet");
    return false;
  }
}

/**
 * An ended ballot still shows that a vote was opened; once its tasks have ended too, it shows nothing. Until its last second it might be
 * sealed on another branch of the chain, and no other may be signed for its epoch.
 */
async function forgetBallots(laneOf: LaneOf, { ballots, votes }: BallotDeskDeps): Promise<void> {
  for (const ballot of ballots.all()) {
    if (ballot.ended === undefined || (await laneOf(ballot)).now <= ballot.sealBy) continue;
    if (ballot.votes.some(({ taskId }) => votes.get(taskId)?.standing === "computed")) continue;
    await ballots.change(epochKey(ballot), () => undefined);
  }
}

/** The leaf that must be among those of an epoch before its ballot is opened. */
export function leafOfBallot(worker: Address, { votesHash }: BallotRecord): Hash {
  return leafOf(worker, votesHash);
}
