import type { Logger } from "pino";

import type { MessageOf, SchedulerMessage, WorkerMessage } from "../../protocol/messages.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import type { WorkerChain } from "../chain/worker-chain.ts";
import { epochKey } from "../journal/journal.ts";
import type { BallotRecord, Journal } from "../journal/journal.ts";
import { openingVerdict, openMessage } from "./opening.ts";
import type { VoteBook } from "./vote-book.ts";

type OpenerDeps = {
  readonly worker: Address;
  readonly votes: VoteBook;
  readonly ballots: Journal["ballots"];
  readonly chain: WorkerChain;
  readonly send: (message: WorkerMessage) => void;
  readonly log: Logger;
};

/** Opens ballots, each only after the chain has shown that its epoch is sealed with it. */
export interface Opener {
  /** Takes note of the leaves of an epoch and looks at the chain at once. */
  sealed(message: MessageOf<SchedulerMessage, "sealed">): Promise<void>;
  /** Looks at the chain for every ballot that waits; to be called again and again while the agent runs. */
  attempt(): Promise<void>;
  /** Sends again what was opened in epochs that are not over: the pool may have lost it. */
  repeat(): void;
}

export function createOpener(deps: OpenerDeps): Opener {
  const { ballots, votes, send } = deps;
  const attempt = async (): Promise<void> => {
    for (const ballot of ballots.all()) {
      if (isWaiting(ballot)) await attemptOne(ballot, ballot.leaves, deps);
    }
  };
  return {
    attempt,
    sealed: async (message) => {
      const { leaves } = message;
      const known = await ballots.change(epochKey(message), (ballot) => ballot && withLeaves(ballot, leaves));
      if (known && isWaiting(known)) await attemptOne(known, leaves, deps);
      // The pool asks again for what it lost.
      else if (known && isOpen(known)) send(openMessage(known, votes));
    },
    repeat: () => {
      for (const ballot of ballots.all()) {
        if (isOpen(ballot)) send(openMessage(ballot, votes));
      }
    },
  };
}

function isWaiting(ballot: BallotRecord): ballot is BallotRecord & { leaves: Hash[] } {
  return ballot.leaves !== undefined && !ballot.opened && ballot.ended === undefined;
}

function isOpen({ opened, ended }: BallotRecord): boolean {
  return opened && ended === undefined;
}

/** The same record when it has these leaves already: a pool may repeat itself twice a second. */
function withLeaves(ballot: BallotRecord, leaves: Hash[]): BallotRecord {
  return ballot.opened || ballot.leaves?.join() === leaves.join() ? ballot : { ...ballot, leaves };
}

async function attemptOne(ballot: BallotRecord, leaves: readonly Hash[], deps: OpenerDeps): Promise<void> {
  const { worker, votes, ballots, chain, send, log } = deps;
  const { confirmed } = await chain.laneOf(ballot.pool, ballot.lane);
  const verdict = openingVerdict(worker, ballot, leaves, confirmed);
  // While the chain was asked, another ballot may have taken the place of this one.
  const revise = (step: (now: BallotRecord) => BallotRecord): Promise<BallotRecord | undefined> =>
    ballots.change(epochKey(ballot), (now) => (now?.votesHash === ballot.votesHash ? step(now) : now));

  if (verdict === "wait" || verdict === "late") return;
  log[verdict === "open" ? "info" : "warn"]({ epoch: ballot.epoch, lane: ballot.lane, verdict }, "epoch sealed");
  if (verdict === "left-out") await revise((now) => ({ ...now, ended: "left-out" }));
  if (verdict === "mismatch") await revise(({ leaves: _wrong, ...now }) => now);
  if (verdict === "open") {
    const opened = await revise((now) => ({ ...now, opened: true }));
    if (opened?.opened) send(openMessage(opened, votes));
  }
}
