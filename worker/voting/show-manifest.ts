import type { Logger } from "pino";

import { failText } from "../../protocol/digest.ts";
import { codeOf } from "../../protocol/errors.ts";
import type { WorkerMessage } from "../../protocol/messages.ts";
import type { Hash } from "../../protocol/primitives.ts";
import { ResultGoneError } from "../errors.ts";
import { publicMessage } from "../public-message.ts";
import type { BallotDesk } from "./ballot-desk.ts";
import type { VoteBook } from "./vote-book.ts";

type ShowDeps = {
  readonly votes: VoteBook;
  readonly ballots: Pick<BallotDesk, "giveUp">;
  /** The manifest in a result blob. @throws ResultGoneError */
  readonly readManifest: (path: string) => Promise<string>;
  readonly send: (message: WorkerMessage) => void;
  readonly log: Logger;
};

/**
 * Shows the pool what the vote for a task says, so that it can name in what an app's answers differ. A vote that is not open
 * is given up first: who reads it can copy it, and so it must be worth nothing any more.
 * @param pool the connected one; what was voted for another it is not shown
 */
export async function showManifest(taskId: Hash, pool: bigint, deps: ShowDeps): Promise<void> {
  const { ballots, send, log } = deps;
  try {
    const vote = deps.votes.get(taskId);
    if (vote?.pool !== pool) throw new ResultGoneError("This worker has no vote of that pool for that task");
    const text = vote.failed === undefined ? await manifestOf(vote.result?.path, deps) : failText(vote.failed);
    await ballots.giveUp(vote);
    send({ type: "manifest", taskId, text });
    log.warn({ taskId }, "the pool says that others had another answer: the vote is given up, its manifest shown");
  } catch (error) {
    log.warn({ err: error, taskId }, "manifest not shown");
    send({ type: "manifest-refused", taskId, code: codeOf(error), message: publicMessage(error) });
  }
}

/** @throws ResultGoneError */
async function manifestOf(path: string | undefined, { readManifest }: ShowDeps): Promise<string> {
  if (path === undefined) throw new ResultGoneError("The result of that vote is no longer here");
  return readManifest(path);
}
