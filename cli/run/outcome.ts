import { join } from "node:path";

import { formatMill } from "../../protocol/amounts.ts";
import { taskPrice } from "../../protocol/deal.ts";
import { failReasonOf } from "../../protocol/digest.ts";
import type { FailReason } from "../../protocol/digest.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import type { TaskView } from "../../sdk/deals.ts";
import type { Grid } from "../../sdk/grid.ts";
import { savedResult, saveResult } from "../../sdk/node/save-result.ts";
import type { Submitted } from "../../sdk/requests.ts";
import type { Settlement } from "../../sdk/settlements.ts";

import { short, table } from "../print.ts";

/** How one task ended, as `run --json` prints it. Amounts in wei. */
export type TaskOutcome = {
  readonly taskId: Hash;
  readonly index: number;
  readonly status: TaskView["status"];
  readonly digest: Hash | null;
  /** Folder with the output files; null when there is none. */
  readonly out: string | null;
  /** Exit code of the app; null when it did not get that far. */
  readonly exitCode: number | null;
  /** Why the workers agree that it failed. */
  readonly reason: FailReason | null;
  readonly votes: { readonly agree: number; readonly differ: number };
  /** Those whose votes agree with what was settled. */
  readonly workers: readonly Address[];
  readonly paid: bigint;
};

export type RunOutcome = {
  readonly dealId: Hash;
  readonly tasks: readonly TaskOutcome[];
  readonly cost: bigint;
  readonly seconds: number;
};

/** Fetches and checks the result of every settled task, and reads from the chain who voted what. */
export async function collectOutcome(
  grid: Grid,
  submitted: Submitted,
  tasks: readonly TaskView[],
  folder: string,
): Promise<Omit<RunOutcome, "seconds">> {
  const outcomes: TaskOutcome[] = [];
  for (const task of tasks) outcomes.push(await outcomeOf(grid, submitted, task, folder));
  return { dealId: submitted.dealId, tasks: outcomes, cost: outcomes.reduce((sum, { paid }) => sum + paid, 0n) };
}

async function outcomeOf(grid: Grid, { deal }: Submitted, task: TaskView, folder: string): Promise<TaskOutcome> {
  const { taskId, index, status, digest } = task;
  const base = { taskId, index, status, digest, out: null, exitCode: null, reason: null };
  if (digest === null) return { ...base, votes: { agree: 0, differ: 0 }, workers: [], paid: 0n };
  const voted = { ...votesIn(await grid.settlements.of(taskId)), paid: taskPrice(deal) };
  const reason = failReasonOf(digest);
  if (reason !== undefined) return { ...base, ...voted, reason };
  const place = join(folder, `${index}`);
  // A run that was killed may have fetched some.
  const { out, exitCode } =
    (await savedResult(digest, place)) ?? (await saveResult(await grid.tasks.result(taskId), place));
  return { ...base, ...voted, out, exitCode };
}

function votesIn(settlement: Settlement | undefined): Pick<TaskOutcome, "votes" | "workers"> {
  const votes = settlement?.votes ?? [];
  const agree = votes.filter(({ vote }) => vote === "agree");
  return {
    votes: { agree: agree.length, differ: votes.length - agree.length },
    workers: agree.map(({ worker }) => worker),
  };
}

/** Whether the app did what it was asked to: anything else ends the command with 1. */
export const succeeded = ({ status, exitCode }: TaskOutcome): boolean => status === "settled" && exitCode === 0;

export function outcomeText({ dealId, tasks, cost, seconds }: RunOutcome): string {
  const rows = tasks.map((task) => [
    task.index,
    ending(task),
    `${task.votes.agree} agree, ${task.votes.differ} differ`,
    task.workers.map(short).join(" "),
    formatMill(task.paid),
    task.out ?? "-",
  ]);
  const summary = `deal ${dealId}\ncost ${formatMill(cost)} MILL, ${seconds} s`;
  return `${table(["task", "ended", "votes", "workers", "MILL", "result"], rows)}\n${summary}`;
}

function ending({ status, exitCode, reason }: TaskOutcome): string {
  if (reason !== null) return `failed (${reason})`;
  return exitCode === null || exitCode === 0 ? status : `exit ${exitCode}`;
}
