import { createBallotDesk } from "../../../worker/voting/ballot-desk.ts";
import type { BallotDesk } from "../../../worker/voting/ballot-desk.ts";
import { createKeptDesk } from "../../../worker/voting/kept-desk.ts";
import type { KeptDesk } from "../../../worker/voting/kept-desk.ts";
import { createOpener } from "../../../worker/voting/opener.ts";
import type { Opener } from "../../../worker/voting/opener.ts";
import { createVoteBook } from "../../../worker/voting/vote-book.ts";
import type { VoteBook } from "../../../worker/voting/vote-book.ts";
import { digestOf } from "../../../protocol/digest.ts";
import type { Lease } from "../../../protocol/lease.ts";
import type { MessageOf, SchedulerMessage, WorkerMessage } from "../../../protocol/messages.ts";
import type { Ballot } from "../../../protocol/ballot.ts";
import type { Hash } from "../../../protocol/primitives.ts";
import type { VoteKey } from "../../../worker/chain/vote-sender.ts";
import type { Journal } from "../../../worker/journal/journal.ts";
import { FakeChain, memoryJournal, NOW, POOL, silent, WORKER } from "./fakes.ts";

/** The voting side of a worker over a journal and a chain, restartable. */
export type Voting = {
  readonly votes: VoteBook;
  readonly ballots: BallotDesk;
  readonly opener: Opener;
  readonly kept: KeptDesk;
  readonly journal: Journal;
  readonly chain: FakeChain;
  readonly sent: WorkerMessage[];
  readonly signed: Ballot[];
  /** Gives a task an answer. */
  vote(lease: Lease, text?: string): Promise<void>;
  restart(): Voting;
};

type Given = {
  journal?: Journal;
  chain?: FakeChain;
  sent?: WorkerMessage[];
  signed?: Ballot[];
  maxExposure?: bigint;
  openOnChain?: (vote: VoteKey) => Promise<void>;
};

let secrets = 0;

export function aVoting(given: Given = {}): Voting {
  const {
    journal = memoryJournal(),
    chain = new FakeChain(),
    sent = [],
    signed = [],
    maxExposure = 10n ** 24n,
    openOnChain = () => Promise.resolve(),
  } = given;
  const votes = createVoteBook(journal.votes, { now: () => NOW });
  const shared = { worker: WORKER, votes, ballots: journal.ballots, chain };
  const sign = async (ballot: Ballot): Promise<Hash> => {
    signed.push(ballot);
    return `0x${"51".repeat(64)}`;
  };
  const newSecret = (): Hash => `0x${(++secrets).toString(16).padStart(64, "0")}`;
  return {
    votes,
    journal,
    chain,
    sent,
    signed,
    ballots: createBallotDesk({ ...shared, sign, newSecret, maxExposure, log: silent }),
    opener: createOpener({ ...shared, send: (message) => void sent.push(message), log: silent }),
    kept: createKeptDesk({ ...shared, send: (message) => void sent.push(message), openOnChain, log: silent }),
    vote: async (lease, text = "answer") => void (await votes.record(lease, { digest: digestOf(text) })),
    restart: () => aVoting({ journal, chain, sent, signed, maxExposure, openOnChain }),
  };
}

export function ballotWanted(epoch: number, tasks: readonly Hash[], lane = 0): MessageOf<SchedulerMessage, "ballot?"> {
  return { type: "ballot?", pool: POOL, lane, epoch, tasks: [...tasks] };
}
