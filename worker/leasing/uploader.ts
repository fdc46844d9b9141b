import type { Logger } from "pino";

import { codeOf } from "../../protocol/errors.ts";
import type { WorkerMessage } from "../../protocol/messages.ts";
import type { Hash } from "../../protocol/primitives.ts";
import { NotOpenedError, ResultGoneError } from "../errors.ts";
import type { Journal, VoteRecord } from "../journal/journal.ts";
import { publicMessage } from "../public-message.ts";
import type { VoteBook } from "../voting/vote-book.ts";

type UploaderDeps = {
  readonly votes: VoteBook;
  readonly ballots: Journal["ballots"];
  /** @throws PoolUnreachableError */
  readonly put: (sha256: string, file: { path: string; bytes: number }, signal: AbortSignal) => Promise<void>;
  readonly send: (message: WorkerMessage) => void;
  readonly log: Logger;
};

/** Brings a task's result to the pool and says so, or says why not. The pool asks again, or somebody else, as it sees fit. */
export async function uploadResult(taskId: Hash, deps: UploaderDeps, signal: AbortSignal): Promise<void> {
  const { put, send, log } = deps;
  try {
    const { sha256, bytes, path } = resultOf(taskId, deps);
    await put(sha256, { path, bytes }, signal);
    send({ type: "uploaded", taskId, sha256, bytes });
  } catch (error) {
    log.warn({ err: error, taskId }, "upload failed");
    send({ type: "upload-failed", taskId, code: codeOf(error), message: publicMessage(error) });
  }
}

/** @throws ResultGoneError | NotOpenedError */
function resultOf(taskId: Hash, { votes, ballots }: UploaderDeps): NonNullable<VoteRecord["result"]> {
  const vote = votes.get(taskId);
  if (!vote) throw new ResultGoneError("This worker has no vote for that task");
  // Before that, whoever sees the output could vote for it without any work.
  const opened = vote.standing !== "computed" || ballots.all().some((ballot) => ballot.opened && holds(ballot, taskId));
  if (!opened) throw new NotOpenedError("The vote for that task is not open yet, and so its result stays here");
  if (!vote.result) throw new ResultGoneError("That vote is a failure: there is no result");
  return vote.result;
}

function holds({ votes }: { readonly votes: readonly { readonly taskId: Hash }[] }, taskId: Hash): boolean {
  return votes.some((vote) => vote.taskId === taskId);
}
