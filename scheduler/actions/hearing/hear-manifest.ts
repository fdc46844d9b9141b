import { tagOf } from "../../../protocol/ballot.ts";
import { digestOf } from "../../../protocol/digest.ts";
import type { MessageOf, WorkerMessage } from "../../../protocol/messages.ts";
import type { Address, Hash } from "../../../protocol/primitives.ts";
import type { AppRecord } from "../../domain/apps/app-standing.ts";
import { withFiles } from "../../domain/apps/app-standing.ts";
import { differingParts } from "../../domain/apps/differing.ts";
import type { TaskRecord } from "../../domain/tasks/task-state.ts";
import { withMovedVote } from "../../domain/votes/task-votes.ts";
import type { Vote } from "../../domain/votes/vote-state.ts";
import type { PoolContext } from "../context.ts";
import { noteEnding } from "../following/note-ending.ts";

type Said<T extends WorkerMessage["type"]> = MessageOf<WorkerMessage, T>;

/**
 * A worker shows what it computed for the task over which its app was refused. It counts if it is what its tag was made of; once two
 * have shown it, the files that differ are named. The vote is given up with that.
 */
export async function hearManifest(pool: PoolContext, worker: Address, said: Said<"manifest">): Promise<void> {
  const { taskId, text } = said;
  const about = await disputeOf(pool, taskId);
  const vote = about?.task.votes.find((each) => each.worker === worker);
  if (!about || !vote) return;
  const { task, app } = about;
  if (vote.tag !== tagOf(taskId, digestOf(text))) return reject(pool, task, worker);
  await giveUpVote(pool, task, vote);
  const shown = await pool.apps.addShown(taskId, worker, text);
  if (shown.length < 2) return;
  const files = differingParts(shown);
  await pool.apps.change(app.image, (record) => withFiles(record!, taskId, files));
  pool.log.warn({ app: app.app, image: app.image, task: taskId, deal: task.dealId, files }, "app differs");
  await pool.wake.task(taskId);
}

/** The app is refused all the same; others may show where. */
export async function hearManifestRefused(
  pool: PoolContext,
  worker: Address,
  { taskId: task, code, message }: Said<"manifest-refused">,
): Promise<void> {
  pool.log.info({ worker, task, code, message }, "manifest refused");
}

async function reject(pool: PoolContext, { taskId, dealId }: TaskRecord, worker: Address): Promise<void> {
  pool.log.warn({ task: taskId, deal: dealId, worker }, "manifest is not what was voted for");
  await noteEnding(pool, worker, "refused");
}

async function giveUpVote(pool: PoolContext, { taskId }: TaskRecord, { leaseId }: Vote): Promise<void> {
  const at = pool.chain.now();
  const code = "GM_VOTE_GIVEN_UP";
  await pool.tasks.update(taskId, (task) => withMovedVote(task, leaseId, "failed", at, { code }));
}

type Disputed = { readonly task: TaskRecord; readonly app: AppRecord };

/** A task over which its app was refused; nobody is listened to about another. */
async function disputeOf(pool: PoolContext, taskId: Hash): Promise<Disputed | undefined> {
  const task = await pool.tasks.get(taskId);
  const deal = task && (await pool.deals.get(task.dealId));
  const app = deal?.image === undefined ? undefined : await pool.apps.get(deal.image);
  return task?.trial === "disputed" && app?.dispute?.taskId === taskId ? { task, app } : undefined;
}
