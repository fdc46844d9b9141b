import { resolve } from "node:path";

import { formatMill } from "../../protocol/amounts.ts";
import { errorData, GridmillError, NotFoundError } from "../../protocol/errors.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import type { AnswerFate, Asked, Prepared } from "../../sdk/dapps.ts";
import type { TaskView } from "../../sdk/deals.ts";
import type { Grid } from "../../sdk/grid.ts";
import { inputFile } from "../../sdk/node/input-file.ts";
import type { Upload } from "../../sdk/request-spec.ts";
import type { Submitted } from "../../sdk/requests.ts";

import type { InputArg } from "../args.ts";
import type { Context } from "../context.ts";
import { table } from "../print.ts";
import { terminalPrompts } from "../prompts.ts";

import { followDeal, progressLine } from "./follow.ts";

export type MatchOptions = {
  readonly input: readonly InputArg[];
  /** Seconds. */
  readonly timeout?: number;
  readonly detach: boolean;
  readonly yes: boolean;
};

/** A request of a contract that was matched, and what came of it; no tasks where nobody waited. */
type MatchedDeal = {
  readonly dealId: Hash;
  readonly requestHash: Hash;
  readonly tasks: readonly (Pick<TaskView, "taskId" | "index" | "status" | "digest"> & {
    readonly answer: AnswerFate;
  })[];
};

/** A request that was passed over, and why. */
type SkippedRequest = { readonly requestHash: Hash; readonly problem: GridmillError };

/** What became of all that a contract asks for. */
export type Matched = { readonly deals: readonly MatchedDeal[]; readonly skipped: readonly SkippedRequest[] };

/**
 * Opens the deals of all that a contract asks for, each at the cheapest offer and in as few transactions as can be, and
 * waits for the answers. What cannot be matched is said, and does not stop the rest.
 * @throws NotFoundError when it asks for nothing; the first problem when nothing could be matched; what `followDeal` throws
 */
export async function matchAsked(
  context: Context,
  grid: Grid,
  consumer: Address,
  options: MatchOptions,
): Promise<Matched> {
  const uploads = await Promise.all(options.input.map(({ path, name }) => inputFile(resolve(path), name)));
  const { opened, skipped } = await openAll(context, grid, await askedBy(grid, consumer), { uploads, ...options });
  for (const { requestHash, problem } of skipped) context.note(`request ${requestHash}: ${problem.message}`);
  for (const { dealId } of opened) context.note(`deal ${dealId} is open`);
  const deals: MatchedDeal[] = [];
  for (const deal of opened) deals.push(await answerOf(context, grid, deal, options));
  return { deals, skipped };
}

/** @throws NotFoundError */
async function askedBy(grid: Grid, consumer: Address): Promise<readonly Asked[]> {
  const all = await grid.dapps.asked(consumer);
  if (all.length > 0) return all;
  throw new NotFoundError(`${consumer} asks for nothing: each of its requests was matched, or has expired`, {
    hint: "Have it ask first, as its own functions have it: gridmill dapp send",
  });
}

type Opened = { readonly opened: readonly Submitted[]; readonly skipped: readonly SkippedRequest[] };

/** @throws the first problem when nothing could be matched */
async function openAll(
  { signal }: Context,
  grid: Grid,
  all: readonly Asked[],
  { uploads, yes }: { readonly uploads: readonly Upload[]; readonly yes: boolean },
): Promise<Opened> {
  const { prepared, skipped } = await prepareAll(grid, all, uploads);
  if (prepared.length > 0 && !yes) await terminalPrompts().confirm(`${questionOf(prepared)}, and pay the gas?`);
  const opened: Submitted[] = [];
  for (const opening of await grid.dapps.openMany(prepared, uploads, signal)) {
    if ("opened" in opening) opened.push(opening.opened);
    else skipped.push(opening);
  }
  if (opened.length === 0) throw skipped[0]!.problem;
  return { opened, skipped };
}

async function prepareAll(
  grid: Grid,
  all: readonly Asked[],
  uploads: readonly Upload[],
): Promise<{ readonly prepared: readonly Prepared[]; readonly skipped: SkippedRequest[] }> {
  const prepared: Prepared[] = [];
  const skipped: SkippedRequest[] = [];
  for (const asked of all) {
    try {
      prepared.push({ asked, offer: await grid.dapps.prepare(asked, uploads) });
    } catch (problem) {
      if (!(problem instanceof GridmillError)) throw problem;
      skipped.push({ requestHash: asked.requestHash, problem });
    }
  }
  return { prepared, skipped };
}

function questionOf(prepared: readonly Prepared[]): string {
  const total = prepared.reduce((sum, { offer }) => sum + offer.total, 0n);
  const payers = [...new Set(prepared.map(({ asked }) => asked.request.payer))].join(", ");
  const what = prepared.length === 1 ? "its request" : `its ${prepared.length} requests`;
  return `Match ${what} for ${formatMill(total)} MILL of ${payers}`;
}

async function answerOf(
  context: Context,
  grid: Grid,
  { dealId, deal: { requestHash, callback } }: Submitted,
  { detach, timeout }: MatchOptions,
): Promise<MatchedDeal> {
  if (detach) return { dealId, requestHash, tasks: [] };
  const show = (task: TaskView): void => context.progress(progressLine(task));
  const views = await followDeal(context, grid, dealId, show, timeout);
  const tasks = views.map(async ({ taskId, index, status, digest }) => {
    const answer = await grid.dapps.fateOf(callback, requestHash, index);
    return { taskId, index, status, digest, answer };
  });
  return { dealId, requestHash, tasks: await Promise.all(tasks) };
}

/** For programs: a problem as any error is told. */
export function matchJson({ deals, skipped }: Matched): object {
  const told = skipped.map(({ requestHash, problem }) => {
    const { hint = null, ...error } = errorData(problem);
    return { requestHash, error: { ...error, hint } };
  });
  return { deals, skipped: told };
}

export function matchText({ deals, skipped }: Matched): string {
  const lines = deals.map(({ dealId, tasks }) => {
    const rows = tasks.map(({ index, taskId, status, answer }) => [index, taskId, status, answer]);
    return `deal ${dealId}${rows.length > 0 ? `\n${table(["task", "id", "ended", "answer"], rows)}` : ""}`;
  });
  return [...lines, ...skipped.map(({ requestHash, problem }) => `not matched: ${requestHash} (${problem.code})`)].join(
    "\n",
  );
}
