import { join } from "node:path";

import { taskIdOf } from "../../protocol/deal.ts";
import type { Grid } from "../../sdk/grid.ts";
import { requireFree } from "../../sdk/node/save-result.ts";
import type { Submitted, SubmitStep } from "../../sdk/requests.ts";

import { connectToSign } from "../connect.ts";
import type { Context } from "../context.ts";
import { EXIT, ExitWith } from "../exit-codes.ts";
import { short } from "../print.ts";

import { agree, findRunnable, priceOf, settleOn, stepsOf } from "./agree.ts";
import { createBoard } from "./board.ts";
import { followDeal } from "./follow.ts";
import { joinResults } from "./join-results.ts";
import { draftOf } from "./options.ts";
import type { RunOptions } from "./options.ts";
import { collectOutcome, outcomeText, succeeded } from "./outcome.ts";
import type { RunOutcome } from "./outcome.ts";
import { readTarget } from "./target.ts";

const SUBMIT_WORDS: Readonly<Record<SubmitStep, string>> = {
  params: "storing the params",
  upload: "uploading the inputs",
  sign: "signing the request",
  match: "matching on chain",
};

/**
 * The whole of `gridmill run`: from a word to a checked result.
 * @throws ExitWith 1 when a task failed or was refunded, after saying so
 */
export async function runApp(
  context: Context,
  text: string,
  args: readonly string[],
  options: RunOptions,
): Promise<void> {
  const began = performance.now();
  const target = await readTarget(text);
  const draft = await draftOf(target, args, options);
  if (options.out !== undefined) await requireFree(options.out);
  await using grid = await connectToSign(context);
  const runnable = await findRunnable(context, grid, target, options.dryRun);
  const total = await priceOf(grid, runnable, draft);
  const steps = stepsOf(target, runnable, draft, total);
  if (options.dryRun) return context.print({ dryRun: true, steps, total }, `Would:\n- ${steps.join("\n- ")}`);

  await agree(context, steps, options);
  const { spec, offer } = await settleOn(context, grid, runnable, draft, total);
  const onStep = (step: SubmitStep): void => context.progress(SUBMIT_WORDS[step]);
  const submitted = await grid.requests.submit(spec, offer, onStep, context.signal);
  context.note(`deal ${submitted.dealId}`);
  if (options.detach) return printDetached(context, submitted);
  const folder = options.out ?? join("out", submitted.dealId.slice(0, 12));
  const outcome = await finish(context, grid, submitted, folder, options.timeout);
  const manifest = target.kind === "folder" ? target.manifest : undefined;
  report(context, outcome, await joinResults(manifest?.join, outcome.tasks, folder), began);
}

/** Waits for the tasks and fetches their results. */
async function finish(
  context: Context,
  grid: Grid,
  submitted: Submitted,
  folder: string,
  timeout: number | undefined,
): Promise<Omit<RunOutcome, "seconds">> {
  using board = createBoard(context, { task: "task", nameOf: short, notes: false });
  const tasks = await followDeal(context, grid, submitted.dealId, board.tell, timeout);
  return await collectOutcome(grid, submitted, tasks, folder);
}

function report(
  context: Context,
  outcome: Omit<RunOutcome, "seconds">,
  joined: string | undefined,
  began: number,
): void {
  const done = { ...outcome, joined: joined ?? null, seconds: Math.round((performance.now() - began) / 100) / 10 };
  context.print(done, () => outcomeText(done) + (joined === undefined ? "" : `\njoined ${joined}`));
  if (!done.tasks.every(succeeded)) throw new ExitWith(EXIT.taskFailed);
}

function printDetached(context: Context, { dealId, deal }: Submitted): void {
  const tasks = Array.from({ length: deal.volume }, (_unused, index) => ({
    taskId: taskIdOf(dealId, index),
    index,
    status: "open",
  }));
  context.print({ dealId, tasks }, () => `It goes on by itself. Look with: gridmill deal show ${dealId}`);
}
