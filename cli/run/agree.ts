import { formatMill } from "../../protocol/amounts.ts";
import type { Offer } from "../../protocol/market-api.ts";
import { NoOfferError } from "../../protocol/market-errors.ts";
import type { ImagePin } from "../../sdk/apps.ts";
import type { Grid } from "../../sdk/grid.ts";
import type { RequestSpec } from "../../sdk/request-spec.ts";

import type { Context } from "../context.ts";
import { terminalPrompts } from "../prompts.ts";

import type { Draft, RunOptions } from "./options.ts";
import { categoryMinutes } from "./options.ts";
import { estimate } from "./price.ts";
import { ensureApp, nameOf, pinImage, requireImage, usableApp } from "./target.ts";
import type { Target } from "./target.ts";

/** What is going to be run: an app of the market, or an image that has to be registered first. */
export type Runnable =
  | { readonly kind: "app"; readonly id: bigint }
  | { readonly kind: "image"; readonly image: ImagePin }
  | { readonly kind: "unbuilt" };

/** Finds the app behind the target. Builds and pushes a folder, unless `dry`; registers nothing. */
export async function findRunnable(context: Context, grid: Grid, target: Target, dry: boolean): Promise<Runnable> {
  if (target.kind === "app") {
    const app = await grid.apps.get(target.id);
    await requireImage(context, app);
    return { kind: "app", id: app.id };
  }
  if (target.kind === "folder" && dry) return { kind: "unbuilt" };
  const image = await pinImage(context, target);
  const known = await usableApp(grid, image);
  return known && known.price !== null ? { kind: "app", id: known.id } : { kind: "image", image };
}

/** What it would cost in all, in wei. @throws NoOfferError | AllowanceLowError | NoFundsError and what else `prepare` finds */
export async function priceOf(grid: Grid, runnable: Runnable, draft: Draft): Promise<bigint> {
  if (runnable.kind !== "app") return await estimate(grid, draft);
  return (await grid.requests.prepare({ ...draft, app: runnable.id })).total;
}

/** What is going to happen, a line each, for the question and for `--dry-run`. */
export function stepsOf(target: Target, runnable: Runnable, draft: Draft, total: bigint): readonly string[] {
  const { volume, trust, category, uploads, payer, dataset } = draft;
  const bytes = uploads.reduce((sum, upload) => sum + upload.bytes, 0);
  const unverified = trust === 2 ? " (unverified: one newcomer's word is enough)" : "";
  return [
    ...(runnable.kind === "unbuilt" ? [`build ${nameOf(target)} and push it to the network's image registry`] : []),
    ...(runnable.kind === "app"
      ? []
      : [`register ${nameOf(target)} as an app, unless it is (gas), and offer it at price 0`]),
    ...(uploads.length > 0
      ? [`upload ${uploads.length} ${uploads.length === 1 ? "input" : "inputs"}, ${bytes} bytes, to the pool`]
      : []),
    `run ${volume} ${volume === 1 ? "task" : "tasks"} of ${nameOf(target)}${dataset === undefined ? "" : ` on dataset ${dataset}`}, each up to ${categoryMinutes(category)} minutes, trust ${trust}${unverified}`,
    `lock at most ${formatMill(total)} MILL of the escrow${payer === undefined ? "" : ` of ${payer}`} (gas for one transaction)`,
  ];
}

/** Asks before money is spent. */
export async function agree({ note }: Context, steps: readonly string[], { yes }: RunOptions): Promise<void> {
  for (const step of steps) note(`- ${step}`);
  if (!yes) await terminalPrompts().confirm("Go on?");
}

/**
 * The request and the offer to take for it; registers the app where that is still to be done.
 * @throws NoOfferError when it became dearer than what was agreed to
 */
export async function settleOn(
  context: Context,
  grid: Grid,
  runnable: Runnable,
  draft: Draft,
  agreed: bigint,
): Promise<{ spec: RequestSpec; offer: Offer }> {
  if (runnable.kind === "unbuilt") throw new Error("a dry run ends before this");
  const app = runnable.kind === "app" ? runnable.id : await ensureApp(grid, runnable.image, context.signal);
  const spec = { ...draft, app };
  const offer = await grid.requests.prepare(spec);
  if (offer.total <= agreed) return { spec, offer };
  throw new NoOfferError(`The price rose: ${formatMill(offer.total)} MILL instead of ${formatMill(agreed)}`, {
    hint: "Run the command again to see the new price",
  });
}
