import { GridmillError, NotFoundError } from "../protocol/errors.ts";
import { hasCallback } from "../protocol/deal.ts";
import { failReasonOf } from "../protocol/digest.ts";
import type { ResultKind } from "../protocol/digest.ts";
import type { TaskWhy } from "../protocol/pool-why.ts";
import type { Hash } from "../protocol/primitives.ts";

import { isFinal, tasksOf } from "./deals.ts";
import type { Deals, TaskView } from "./deals.ts";
import { NoResultError } from "./errors.ts";
import type { GridContext } from "./grid-context.ts";
import { findTask, gatewayOf } from "./known-deal.ts";
import { pause } from "../chain/pause.ts";

/** The bytes that a pool offers as a result, and the digest on chain that they have to stand for. */
export type ResultDownload = {
  readonly taskId: Hash;
  /** From `TaskSettled`. */
  readonly digest: Hash;
  /** What the digest stands for: the manifest of a whole folder, or the answer for a contract alone. */
  readonly kind: ResultKind;
  /** A tar: `manifest`, then `output/…`. `saveResult` of `sdk/node/` checks and unpacks it. */
  readonly blob: ReadableStream<Uint8Array>;
};

/** Tasks of anybody's deals; results of one's own. */
export interface Tasks {
  /** @throws NotFoundError */
  get(taskId: Hash): Promise<TaskView>;
  /** The task now and after every change, until it is over or `signal` aborts. */
  watch(taskId: Hash, signal?: AbortSignal): AsyncIterable<TaskView>;
  /**
   * Why the task is where it is, as its pool says: each worker that could have it with its score or what excludes it.
   * @throws NotFoundError, PoolUnreachableError
   */
  why(taskId: Hash): Promise<TaskWhy>;
  /**
   * Opens the download of a settled task's result; waits a while for a pool that has not seen the settlement yet.
   * @throws NoResultError when there is none to fetch, RemoteError GM_NOT_ALLOWED for strangers
   */
  result(taskId: Hash, signal?: AbortSignal): Promise<ResultDownload>;
}

/** A pool follows the chain some blocks behind. */
const RESULT_WAIT_MS = 30_000;
const RETRY_MS = 500;

export function createTasks(context: GridContext, deals: Deals): Tasks {
  const get = async (taskId: Hash): Promise<TaskView> => {
    const place = await findTask(context, taskId);
    return taskIn(await tasksOf(context, place), taskId);
  };
  return {
    get,
    async *watch(taskId, signal) {
      const { dealId } = await findTask(context, taskId);
      let before = "";
      for await (const tasks of deals.watch(dealId, signal)) {
        const task = taskIn(tasks, taskId);
        const now = JSON.stringify(task);
        if (now !== before) yield task;
        if (isFinal(task)) return;
        before = now;
      }
    },
    async why(taskId) {
      const { deal } = await findTask(context, taskId);
      return (await gatewayOf(context, deal.pool)).why(taskId);
    },
    async result(taskId, signal) {
      const digest = requireResult(await get(taskId));
      const { deal } = await findTask(context, taskId);
      const gateway = await gatewayOf(context, deal.pool);
      const deadline = Date.now() + RESULT_WAIT_MS;
      for (;;) {
        try {
          return {
            taskId,
            digest,
            kind: hasCallback(deal) ? "callback" : "folder",
            blob: await gateway.result(taskId, signal),
          };
        } catch (error) {
          if (!mayComeLater(error) || Date.now() > deadline || signal?.aborted) throw error;
          await pause(RETRY_MS, signal);
        }
      }
    },
  };
}

function taskIn(tasks: readonly TaskView[], taskId: Hash): TaskView {
  const task = tasks.find((each) => each.taskId === taskId);
  if (task) return task;
  throw new NotFoundError(`The deal has no task ${taskId}`, { hint: "See gridmill task list" });
}

/** @throws NoResultError that says why there is nothing to fetch */
function requireResult({ taskId, status, digest }: TaskView): Hash {
  if (digest === null) {
    throw new NoResultError(`Task ${taskId} has no result: it is ${status}`, {
      hint: isRefund(status) ? "Its price was refunded" : `Wait for it: gridmill task watch ${taskId}`,
    });
  }
  const reason = failReasonOf(digest);
  if (reason === undefined) return digest;
  throw new NoResultError(`Task ${taskId} has no result: its workers agree that it failed (${reason})`, {
    details: { reason },
    hint: "The reasons are listed in docs/cli.md, section Results",
  });
}

const isRefund = (status: TaskView["status"]): boolean => status === "declined" || status === "claimed";

function mayComeLater(error: unknown): boolean {
  return (
    error instanceof GridmillError &&
    (error.retryable || error.code === "GM_NOT_FOUND" || error.code === "GM_NO_RESULT")
  );
}
