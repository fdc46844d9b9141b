import { failReasonOf } from "../../protocol/digest.ts";
import { isFinal } from "../../sdk/deals.ts";
import type { TaskView } from "../../sdk/deals.ts";
import type { Grid } from "../../sdk/grid.ts";
import type { Hash } from "../../protocol/primitives.ts";

import type { Context } from "../context.ts";
import { TimedOutError } from "../errors.ts";
import { short } from "../print.ts";

/** Hears a task's new state; waited for. */
type TaskListener = (task: TaskView) => void | Promise<void>;

/**
 * Follows a deal until all of its tasks are over; each task that changed is told to `onChange`.
 * @param timeoutSeconds how long to wait; undefined: for ever
 * @throws TimedOutError | InterruptedError: the deal goes on without us
 */
export async function followDeal(
  { signal }: Context,
  grid: Grid,
  dealId: Hash,
  onChange: TaskListener,
  timeoutSeconds?: number,
): Promise<readonly TaskView[]> {
  const patience = timeoutSeconds === undefined ? undefined : AbortSignal.timeout(timeoutSeconds * 1_000);
  const either = patience ? AbortSignal.any([signal, patience]) : signal;
  const known = new Map<Hash, string>();
  let tasks: readonly TaskView[] = [];
  for await (tasks of grid.deals.watch(dealId, either)) {
    for (const task of tasks) {
      const now = progressLine(task);
      if (known.get(task.taskId) !== now) await onChange(task);
      known.set(task.taskId, now);
    }
  }
  if (tasks.length > 0 && tasks.every(isFinal)) return tasks;
  signal.throwIfAborted();
  throw timedOut(dealId, tasks, timeoutSeconds);
}

function timedOut(dealId: Hash, tasks: readonly TaskView[], seconds: number | undefined): TimedOutError {
  const reason = tasks.find(({ waitingFor }) => waitingFor !== null)?.waitingFor;
  const why = reason ? `, which waits: ${reason}` : "";
  return new TimedOutError(`Not every task was settled within ${seconds} s: deal ${dealId} goes on without us${why}`, {
    details: { dealId },
    hint: `Look again with gridmill deal show ${dealId}; what is not settled by its deadline is refunded`,
  });
}

/** One line about a task, without times: it changes exactly when there is something to say. */
export function progressLine({ index, status, votes, digest, waitingFor }: TaskView): string {
  const reason = digest === null ? undefined : failReasonOf(digest);
  const who = votes.map(
    ({ worker, status: vote, stage }) => `${short(worker)} ${vote === "running" ? (stage ?? vote) : vote}`,
  );
  const parts = [
    `task ${index}`,
    status + (reason === undefined ? "" : ` as failed (${reason})`),
    ...(who.length > 0 ? [who.join(", ")] : []),
  ];
  const isWorked = votes.some(({ status: vote }) => vote === "leased" || vote === "running");
  return [...parts, ...(waitingFor && !isWorked ? [waitingFor] : [])].join("  ");
}
