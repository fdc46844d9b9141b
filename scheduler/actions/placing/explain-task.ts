import type { TaskWhy } from "../../../protocol/pool-why.ts";
import { needsOf, outlookOf, votesMissing } from "../../domain/placement/outlook.ts";
import { place } from "../../domain/placement/placement.ts";
import type { Placement } from "../../domain/placement/placement.ts";
import { isLive } from "../../domain/tasks/task-state.ts";
import type { TaskRecord, TaskState } from "../../domain/tasks/task-state.ts";
import { votesOut } from "../../domain/votes/votes-needed.ts";
import type { DealRecord } from "../../store/tasks/deal-store.ts";
import { trialOf } from "./try-app.ts";
import { candidatesOf, demandOf } from "./candidates.ts";
import type { PoolContext } from "../context.ts";
import { pausedReason } from "../paused.ts";

/**
 * Why a task is where it is. Who may be leased it is asked of the very function that leases, with the same figures; so this
 * answer and what happens differ only by what has changed in between.
 */
export async function explainTask(pool: PoolContext, found: TaskRecord, deal: DealRecord): Promise<TaskWhy> {
  const { taskId, dealId, state: status } = found;
  const head = { taskId, dealId, status };
  const idle = idleReason(found, deal) ?? (await pausedReason(pool, found));
  const admission = idle === undefined ? await trialOf(pool, found, deal) : { waits: idle };
  if ("waits" in admission) {
    const outlook = isLive(status) || status === "sealed" ? "waiting" : "over";
    const votes = { out: votesOut(found), wanted: 0 };
    return { ...head, outlook, says: admission.waits, votes, workers: [], needed: [] };
  }
  const { task } = admission;
  const placement = place(task, demandOf(pool, deal), candidatesOf(await pool.crowd.fresh(), task));
  return {
    ...head,
    ...outlookOf(task, placement),
    votes: { out: votesOut(task), wanted: votesMissing(task, placement) },
    workers: workersIn(placement),
    needed: needsOf(task, placement),
  };
}

/** Why no worker is looked for at all; undefined while one may be. */
function idleReason({ state, waitingFor }: TaskRecord, { note }: DealRecord): string | undefined {
  if (state === "planned" || state === "running") return undefined;
  if (state === "open") return note ?? "its deal is being checked: params, image and inputs";
  return waitingFor ?? IDLE[state];
}

const IDLE: Readonly<Record<Exclude<TaskState, "open" | "planned" | "running">, string>> = {
  agreed: "its votes agree, and wait to be sealed with those of other tasks",
  sealed: "its votes are sealed, and are being opened and settled",
  settled: "it is settled",
  declined: "its deal was declined, and its price refunded",
  expired: "its deadline has passed, and its price will be refunded",
  claimed: "its deadline has passed, and its price was refunded",
};

function workersIn({ ranked, refused }: Placement): TaskWhy["workers"] {
  return [
    ...ranked.map(({ worker, score }) => ({ worker, score, excluded: [] })),
    ...refused.map(({ worker, exclusions }) => ({ worker, score: null, excluded: [...exclusions] })),
  ];
}
