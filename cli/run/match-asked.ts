import { resolve } from "node:path";

import { formatMill } from "../../protocol/amounts.ts";
import { NotFoundError } from "../../protocol/errors.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import type { AnswerFate, Asked } from "../../sdk/dapps.ts";
import type { TaskView } from "../../sdk/deals.ts";
import type { Grid } from "../../sdk/grid.ts";
import { inputFile } from "../../sdk/node/input-file.ts";
import type { Upload } from "../../sdk/request-spec.ts";

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

/**
 * Opens the deals of all that a contract asks for, each at the cheapest offer, and waits for the answers.
 * @throws NotFoundError when it asks for nothing, and what `Dapps.prepare` and `followDeal` throw
 */
export async function matchAsked(
  context: Context,
  grid: Grid,
  consumer: Address,
  options: MatchOptions,
): Promise<readonly MatchedDeal[]> {
  const uploads = await Promise.all(options.input.map(({ path, name }) => inputFile(resolve(path), name)));
  const all = await grid.dapps.asked(consumer);
  if (all.length === 0) {
    throw new NotFoundError(`${consumer} asks for nothing: each of its requests was matched, or has expired`, {
      hint: "Have it ask first, as its own functions have it: gridmill dapp send",
    });
  }
  const deals: MatchedDeal[] = [];
  for (const asked of all) deals.push(await matchOne(context, grid, asked, uploads, options));
  return deals;
}

async function matchOne(
  context: Context,
  grid: Grid,
  asked: Asked,
  uploads: readonly Upload[],
  { yes, detach, timeout }: MatchOptions,
): Promise<MatchedDeal> {
  const { requestHash, request } = asked;
  const offer = await grid.dapps.prepare(asked, uploads);
  const price = `${formatMill(offer.total)} MILL of ${request.payer}`;
  if (!yes) await terminalPrompts().confirm(`Match its request for ${price}, and pay the gas?`);
  const { dealId } = await grid.dapps.open(asked, offer, uploads, context.signal);
  context.note(`deal ${dealId} is open, for ${price}`);
  if (detach) return { dealId, requestHash, tasks: [] };
  const show = (task: TaskView): void => context.progress(progressLine(task));
  const views = await followDeal(context, grid, dealId, show, timeout);
  const tasks = views.map(async ({ taskId, index, status, digest }) => {
    const answer = await grid.dapps.fateOf(request.callback, requestHash, index);
    return { taskId, index, status, digest, answer };
  });
  return { dealId, requestHash, tasks: await Promise.all(tasks) };
}

export function matchText({ dealId, tasks }: MatchedDeal): string {
  const rows = tasks.map(({ index, taskId, status, answer }) => [index, taskId, status, answer]);
  return `deal ${dealId}${rows.length > 0 ? `\n${table(["task", "id", "ended", "answer"], rows)}` : ""}`;
}
