import type { Logger } from "pino";

import { codeOf } from "../../protocol/errors.ts";
import { KEPT_OPEN_SECONDS } from "../../protocol/kept-votes.ts";
import type { WorkerMessage } from "../../protocol/messages.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import type { VoteKey } from "../chain/vote-sender.ts";
import type { WorkerChain } from "../chain/worker-chain.ts";
import { epochKey } from "../journal/journal.ts";
import type { BallotRecord, Journal } from "../journal/journal.ts";
import { ballotOf, isKept, lookForKept } from "./kept-votes.ts";
import type { KeptRecord } from "./kept-votes.ts";
import type { VoteBook } from "./vote-book.ts";

type KeptDeskDeps = {
  readonly worker: Address;
  readonly votes: VoteBook;
  readonly ballots: Journal["ballots"];
  readonly chain: WorkerChain;
  readonly send: (message: WorkerMessage) => void;
  /** Opens a vote on chain; returns once that is confirmed. */
  readonly openOnChain: (vote: VoteKey) => Promise<void>;
  readonly log: Logger;
};

/**
 * The pool has half of the time in which a vote that was kept sealed has to be opened. The other half, five minutes, is left for the
 * worker's own transaction: what is kept shows only some blocks later, the worker looks every half minute, and the transaction
 * has to be mined before the end even when the chain is busy and it has to be replaced by one that pays more.
 */
const POOL_SECONDS = KEPT_OPEN_SECONDS / 2;

/** Sees to it that no vote of this worker is taken for withheld. */
export interface KeptDesk {
  /** Looks at the kept votes: tells the pool what opens the sealed ones, and opens on chain what the pool does not bring. */
  review(): Promise<void>;
  /** Tells the pool again. */
  repeat(): void;
  /** What the owner has to see to, in words that begin with a code. */
  warnings(): readonly string[];
}

export function createKeptDesk(deps: KeptDeskDeps): KeptDesk {
  const opening = new Set<Hash>();
  const troubles = new Map<Hash, string>();
  const sealed = (): readonly Sealed[] => sealedVotes(deps);
  const open = (vote: Sealed): void => {
    if (opening.has(vote.seal)) return;
    opening.add(vote.seal);
    openOne(vote, deps)
      .then(() => troubles.delete(vote.seal))
      .catch((error: unknown) => {
        const { taskId } = vote.record;
        troubles.set(vote.seal, `${codeOf(error)}: the sealed vote of task ${taskId} cannot be opened on chain`);
        deps.log.error(
          { err: error, code: codeOf(error), taskId },
          "a kept vote cannot be opened and will cost its stake",
        );
      })
      .finally(() => opening.delete(vote.seal));
  };
  return {
    review: async () => {
      for (const vote of deps.votes.all().filter(isKept)) await look(vote, deps);
      for (const vote of sealed()) {
        await markOpened(vote, deps);
        tell(vote, deps);
        if (await isDue(vote, deps)) open(vote);
      }
      const left = new Set(sealed().map(({ seal }) => seal));
      for (const seal of troubles.keys()) if (!left.has(seal)) troubles.delete(seal);
    },
    repeat: () => {
      for (const vote of sealed()) tell(vote, deps);
    },
    warnings: () => [...troubles.values()],
  };
}

/** What is known of a vote stands when the chain cannot tell more: it may have to be opened all the same. */
async function look(vote: KeptRecord, deps: KeptDeskDeps): Promise<void> {
  await lookForKept(vote, deps).catch((error: unknown) => {
    deps.log.warn({ err: error, taskId: vote.taskId }, "a kept vote cannot be looked at");
  });
}

/** A vote that is kept sealed, and the ballot that opens it. */
type Sealed = { readonly record: KeptRecord; readonly seal: Hash; readonly ballot: BallotRecord };

function sealedVotes({ votes, ballots }: KeptDeskDeps): readonly Sealed[] {
  return votes
    .all()
    .filter(isKept)
    .flatMap((record) => {
      const { seal } = record.kept;
      const ballot = seal && ballotOf(seal, ballots);
      return ballot ? [{ record, seal, ballot }] : [];
    });
}

/** It is the chain that shows the epoch as sealed with it; the result may be served from now on. */
async function markOpened({ ballot }: Sealed, { ballots }: KeptDeskDeps): Promise<void> {
  await ballots.change(epochKey(ballot), (now) => (now && !now.opened ? { ...now, opened: true } : now));
}

function tell({ record, ballot }: Sealed, { send }: KeptDeskDeps): void {
  const { pool, lane, epoch, secret } = ballot;
  send({ type: "open", pool, lane, epoch, secret, digests: [{ taskId: record.taskId, digest: record.digest }] });
}

async function isDue({ record, seal }: Sealed, { chain }: KeptDeskDeps): Promise<boolean> {
  const { now } = await chain.taskOf(record.dealId, record.index);
  return now > record.kept.at + POOL_SECONDS && !(await chain.isOpened(seal));
}

async function openOne({ record, seal, ballot }: Sealed, { worker, openOnChain, log }: KeptDeskDeps): Promise<void> {
  const { taskId, digest } = record;
  log.warn({ taskId, epoch: ballot.epoch }, "the pool left a vote sealed: it is opened on chain");
  await openOnChain({ worker, taskId, seal, digest, secret: ballot.secret });
  log.info({ taskId }, "vote opened on chain");
}
