import type { Logger } from "pino";

import type { Clock } from "../../protocol/clock.ts";
import { SETTLE_WINDOW_SECONDS } from "../../protocol/constants.ts";
import type { MessageOf, SchedulerMessage } from "../../protocol/messages.ts";
import type { WorkerChain } from "../chain/worker-chain.ts";
import type { VoteRecord } from "../journal/journal.ts";
import type { VoteBook } from "./vote-book.ts";

/** Seconds for which a result is kept after its task ended: until then the beneficiary may find the pool's copy corrupt. */
export const RESULT_KEPT_SECONDS = 24 * 3_600;
/** Votes that one round asks the chain about. */
const ROUND = 50;

type BookkeepingDeps = {
  readonly votes: VoteBook;
  readonly chain: WorkerChain;
  readonly discard: (path: string) => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
};

/** Follows votes to their end, by the pool's word where the chain confirms it, and by the chain where the pool is silent. */
export interface Bookkeeping {
  settled(message: MessageOf<SchedulerMessage, "settled">): Promise<void>;
  /** Finds the votes whose tasks ended without a word, and lets go of what was kept long enough. */
  review(): Promise<void>;
}

export function createBookkeeping(deps: BookkeepingDeps): Bookkeeping {
  // What the pool said before the chain confirmed it, by task.
  const claims = new Map<string, MessageOf<SchedulerMessage, "settled">>();
  // Where the next round goes on.
  let next = 0;
  const conclude = async (vote: VoteRecord): Promise<void> => {
    const claim = claims.get(vote.taskId);
    if (!(await isOver(vote, deps))) return;
    claims.delete(vote.taskId);
    await deps.votes.finish(vote.taskId, claim ? standingBy(claim, vote) : "closed");
    deps.log.info({ taskId: vote.taskId, standing: deps.votes.get(vote.taskId)?.standing }, "task ended");
  };
  return {
    settled: async (message) => {
      const vote = deps.votes.get(message.taskId);
      if (!vote || !canLearn(vote)) return;
      claims.set(message.taskId, message);
      await conclude(vote);
    },
    review: async () => {
      const open = deps.votes.all().filter(({ standing }) => standing === "computed");
      if (next >= open.length) next = 0;
      await Promise.all(open.slice(next, next + ROUND).map(conclude));
      next += ROUND;
      for (const vote of deps.votes.all()) await letGo(vote, deps);
    },
  };
}

/** Agreement is a matter of the digest, not of what the pool calls it. */
function standingBy({ digest }: MessageOf<SchedulerMessage, "settled">, vote: VoteRecord): "agreed" | "differed" {
  return digest === vote.digest ? "agreed" : "differed";
}

function canLearn({ standing }: VoteRecord): boolean {
  return standing === "computed" || standing === "closed";
}

/** Closed on chain, or past the last second at which anything could settle it. */
async function isOver({ dealId, index, deadline }: VoteRecord, { chain }: BookkeepingDeps): Promise<boolean> {
  const task = await chain.taskOf(dealId, index);
  return task.taskClosed || task.now > deadline + SETTLE_WINDOW_SECONDS;
}

async function letGo(vote: VoteRecord, { votes, discard, clock }: BookkeepingDeps): Promise<void> {
  if (vote.finishedAt === undefined || clock.now() < vote.finishedAt + RESULT_KEPT_SECONDS) return;
  // It was given up while its task was open: to forget it earlier would be to compute, and vote, anew.
  if (vote.givenUpAt !== undefined && clock.now() <= vote.deadline) return;
  if (vote.result) await discard(vote.result.path);
  await votes.forget(vote.taskId);
}
