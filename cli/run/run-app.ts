import { join } from "node:path";

import type { SenderJournal } from "../../chain/sender-journal.ts";
import { taskIdOf } from "../../protocol/deal.ts";
import { GridmillError } from "../../protocol/errors.ts";
import type { Grid } from "../../sdk/grid.ts";
import { requireFree } from "../../sdk/node/save-result.ts";
import type { JoinKind } from "../../sdk/join/joiners.ts";
import type { Submitted, SubmitStep } from "../../sdk/requests.ts";

import { connectToSign, runsFolder } from "../connect.ts";
import type { Context } from "../context.ts";
import { EXIT, ExitWith } from "../exit-codes.ts";
import { short } from "../print.ts";

import { agree, findRunnable, priceOf, settleOn, stepsOf } from "./agree.ts";
import type { Runnable } from "./agree.ts";
import { createBoard } from "./board.ts";
import { followDeal } from "./follow.ts";
import { joinResults } from "./join-results.ts";
import { draftOf } from "./options.ts";
import type { Draft, RunOptions } from "./options.ts";
import { collectOutcome, outcomeText, succeeded } from "./outcome.ts";
import type { RunOutcome } from "./outcome.ts";
import { openRunRecord } from "./run-record.ts";
import type { RunRecord, SignedRun } from "./run-record.ts";
import { readTarget } from "./target.ts";
import type { Target } from "./target.ts";

const SUBMIT_WORDS: Readonly<Record<SubmitStep, string>> = {
  params: "storing the params",
  upload: "uploading the inputs",
  sign: "signing the request",
  match: "matching on chain",
};

/** What a run writes to; tests put their own around it. */
export type RunPorts = {
  readonly openRecord: typeof openRunRecord;
  readonly wrapJournal: (journal: SenderJournal) => SenderJournal;
};

const REAL_PORTS: RunPorts = { openRecord: openRunRecord, wrapJournal: (journal) => journal };

/**
 * The whole of `gridmill run`: from a word to a checked result. A run that was killed after it had signed is gone on with by
 * the same command, and not paid for again.
 * @throws ExitWith 1 when a task failed or was refunded, after saying so
 */
export async function runApp(
  context: Context,
  text: string,
  args: readonly string[],
  options: RunOptions,
  ports: RunPorts = REAL_PORTS,
): Promise<void> {
  const began = performance.now();
  const target = await readTarget(text);
  const draft = await draftOf(target, args, options);
  await using grid = await connectToSign(context, ports.wrapJournal);
  const record = ports.openRecord(await runsFolder(context), { text, draft, account: grid.address, out: options.out });
  const left = options.dryRun ? undefined : await record.left();
  if (left === undefined) await requireOut(options);
  if (draft.dataset !== undefined) await grid.datasets.readable(draft.dataset); // before anything is built
  const runnable = await findRunnable(context, grid, target, options.dryRun);
  const run = await takeUp({ context, grid, target, runnable, draft, options, record }, left);
  if (run === undefined) return;

  const submitted = await matchRun(context, grid, run, record);
  context.note(`deal ${submitted.dealId}`);
  try {
    if (options.detach) return printDetached(context, submitted);
    const folder = options.out ?? join("out", submitted.dealId.slice(0, 12));
    const outcome = await finish(context, grid, submitted, folder, options.timeout);
    report(context, outcome, await joinResults(joinOf(target), outcome.tasks, folder), began);
  } finally {
    // However it ended, it was said.
    await record.done("matched");
  }
}

const joinOf = (target: Target): JoinKind | undefined => (target.kind === "folder" ? target.manifest.join : undefined);

/** The folder for the results is free, if one was named. */
async function requireOut({ out }: RunOptions): Promise<void> {
  if (out !== undefined) await requireFree(out);
}

/**
 * What the same command had signed when it was killed, if that was for the app that it would run now; else what is signed
 * now. Undefined after a dry run.
 */
async function takeUp(run: NewRun, left: SignedRun | undefined): Promise<SignedRun | undefined> {
  const { context, runnable, options } = run;
  if (left === undefined) return await signRun(run);
  if (runnable.kind === "app" && left.request.order.app === runnable.id) {
    context.note("going on with the request that this command had signed when it was killed");
    return left;
  }
  await requireOut(options);
  return await signRun(run);
}

type NewRun = {
  readonly context: Context;
  readonly grid: Grid;
  readonly target: Target;
  readonly runnable: Runnable;
  readonly draft: Draft;
  readonly options: RunOptions;
  readonly record: RunRecord;
};

/** Asks, and signs what may be matched; undefined after a dry run. */
async function signRun(run: NewRun): Promise<SignedRun | undefined> {
  const { context, grid, target, runnable, draft, options, record } = run;
  const total = await priceOf(grid, runnable, draft);
  const steps = stepsOf(target, runnable, draft, total);
  if (options.dryRun) {
    context.print({ dryRun: true, steps, total }, `Would:\n- ${steps.join("\n- ")}`);
    return undefined;
  }
  await agree(context, steps, options);
  const { spec, offer } = await settleOn(context, grid, runnable, draft, total);
  const request = await grid.requests.sign(spec, offer, (step) => context.progress(SUBMIT_WORDS[step]), context.signal);
  const signed = { state: "signed", offer, request } as const;
  await record.put("asked", signed);
  return signed;
}

async function matchRun(context: Context, grid: Grid, run: SignedRun, record: RunRecord): Promise<Submitted> {
  const { offer, request } = run;
  try {
    const onStep = (step: SubmitStep): void => context.progress(SUBMIT_WORDS[step]);
    const submitted = await grid.requests.match(offer, request, onStep, context.signal);
    if (run.state === "signed") await record.put("signed", { ...run, state: "matched", dealId: submitted.dealId });
    return submitted;
  } catch (error) {
    // What may still be matched is gone on with; what can never be is forgotten, and asked for anew.
    const isFinal = error instanceof GridmillError && !error.retryable && !context.signal.aborted;
    if (isFinal) await record.done(run.state);
    throw error;
  }
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
