import { CALLBACK_FILE } from "../../../protocol/digest.ts";
import { afterCause, appAt, newApp } from "../../domain/apps/app-standing.ts";
import type { Dispute } from "../../domain/apps/app-standing.ts";
import { verdictOf } from "../../domain/apps/answers.ts";
import type { TaskRecord } from "../../domain/tasks/task-state.ts";
import type { PoolContext } from "../context.ts";

/** Notes what the answers to a task say of its app, which the pool did not know when it placed the task. Idempotent. */
export async function judgeApp(pool: PoolContext, task: TaskRecord): Promise<void> {
  const verdict = verdictOf(task);
  const record = verdict && (await pool.deals.get(task.dealId));
  if (!verdict || record?.image === undefined) return;
  const { image } = record;
  const name = { image, app: record.deal.app.toString() };
  const now = pool.clock.now();
  const { before, after } = await pool.apps.change(image, (known) =>
    afterCause({ ...appAt(known ?? newApp(name, now), now), ...name }, verdict, now, disputeOver(task)),
  );
  if (before?.standing === after.standing) return;
  const about = { ...name, task: task.taskId, deal: task.dealId };
  if (after.standing === "known") {
    pool.log.info(about, "app known");
    pool.wake.offers();
  } else if (after.standing === "refused") {
    pool.log.warn({ ...about, until: new Date(after.until!).toISOString() }, "app refused");
  }
}

/** Of an answer to a contract the digest covers one file; of others it is not known yet. */
function disputeOver({ taskId, terms }: TaskRecord): Dispute {
  return { taskId, files: terms.hasCallback ? [CALLBACK_FILE] : [] };
}
