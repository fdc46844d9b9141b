import { basename, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { isAccepted, voteWeight } from "../../protocol/consensus.ts";
import type { Address } from "../../protocol/primitives.ts";
import type { TaskView } from "../../sdk/deals.ts";
import type { Grid } from "../../sdk/grid.ts";
import { DEFAULT_MAX_WEIGHT } from "../../sdk/requests.ts";
import type { Submitted } from "../../sdk/requests.ts";
import type { Settlement } from "../../sdk/settlements.ts";

import type { Size } from "../args.ts";
import { connectToSign } from "../connect.ts";
import type { Context } from "../context.ts";
import { UsageError } from "../errors.ts";
import { EXIT, ExitWith } from "../exit-codes.ts";
import { short } from "../print.ts";
import { createBoard } from "../run/board.ts";
import { followDeal } from "../run/follow.ts";
import { joinResults } from "../run/join-results.ts";
import { draftOf } from "../run/options.ts";
import { collectOutcome, outcomeText } from "../run/outcome.ts";
import { ensureApp, pinImage, readTarget } from "../run/target.ts";

import { balancesOf, changesOf, gasOf } from "./figures.ts";
import { reportJson, reportText } from "./report.ts";
import { openStage } from "./stage.ts";
import type { Stage } from "./stage.ts";

export type DemoOptions = {
  readonly tasks: number;
  readonly trust?: number;
  readonly size?: Size;
  readonly withCheater: boolean;
  readonly keep: boolean;
};

const WORKERS = 3;
const APP = fileURLToPath(new URL("../../apps/render", import.meta.url));
const CHEATER = "test/support/cheating-worker.ts";

/** Three agreeing newcomers reach 5; beside a fourth who lies they reach 3, since its vote weighs as well. */
const trustOf = ({ trust, withCheater }: DemoOptions): number => trust ?? (withCheater ? 3 : 5);

/** @throws UsageError rather than to wait for votes that nobody is there to give */
function requireReachable(options: DemoOptions): void {
  const one = voteWeight(0, DEFAULT_MAX_WEIGHT);
  const group = one ** BigInt(WORKERS);
  const total = 1n + group + (options.withCheater ? one : 0n);
  if (isAccepted(group, total, trustOf(options))) return;
  const who = `${WORKERS} newcomers${options.withCheater ? " beside one who lies" : ""}`;
  throw new UsageError(`${who} never reach trust ${trustOf(options)}`, { hint: "Ask for less, or leave --trust out" });
}

/**
 * Renders a picture on a market of strangers and tells who did what for how much.
 * @throws ExitWith 1 when a task failed, after saying so
 */
export async function runDemo(context: Context, options: DemoOptions): Promise<void> {
  requireReachable(options);
  const began = performance.now();
  const cheater = options.withCheater ? { cheater: CHEATER } : {};
  await using stage = await openStage(context, { workers: WORKERS, keep: options.keep, ...cheater });
  await using grid = await connectToSign(stage.context);
  const before = await balancesOf(grid, stage.accounts);
  const { submitted, args, join: joinKind } = await request(stage.context, grid, options);

  const tasks = await follow(stage, grid, submitted);
  const folder = join("out", submitted.dealId.slice(0, 12));
  const outcome = await collectOutcome(grid, submitted, tasks, folder);
  const picture = await joinResults(joinKind, outcome.tasks, folder, resolve("out", `${sceneOf(args)}.png`));
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  if (picture === undefined) {
    context.print({ ok: false, ...outcome, seconds }, () => outcomeText({ ...outcome, seconds }));
    throw new ExitWith(EXIT.taskFailed);
  }
  const settlements = await settlementsOf(
    grid,
    submitted,
    tasks.map(({ taskId }) => taskId),
  );
  const balances = changesOf(before, await balancesOf(grid, stage.accounts));
  const report = { picture, tasks: outcome.tasks, settlements, gas: gasOf(submitted, settlements), balances, seconds };
  context.print(reportJson(report), () => reportText(report, namesOf(stage.accounts)));
}

/** Builds and registers the app and has the request matched. */
async function request(context: Context, grid: Grid, options: DemoOptions) {
  const { note, signal } = context;
  const target = await readTarget(APP);
  if (target.kind !== "folder") throw new Error("the demo's app is a folder");
  note("building the app's image and pushing it to the market's registry (the first time takes a minute)");
  const app = await ensureApp(grid, await pinImage(context, target), signal);
  const { join: joinKind } = target.manifest;
  const args = sized(target.manifest.args, options.size);
  const said = {
    input: [],
    env: {},
    tasks: options.tasks,
    trust: trustOf(options),
    detach: false,
    dryRun: false,
    yes: true,
  };
  const spec = { ...(await draftOf(target, args, said)), app };
  const offer = await grid.requests.prepare(spec);
  note(`requesting ${options.tasks} tasks at trust ${spec.trust}`);
  const submitted = await grid.requests.submit(spec, offer, undefined, signal);
  note(`matched on chain for ${submitted.receipt.gasUsed} gas: deal ${submitted.dealId}`);
  return { submitted, args, join: joinKind };
}

/** Waits for the bands, and tells how they come along and what the chain took for them. */
async function follow({ context, accounts }: Stage, grid: Grid, submitted: Submitted): Promise<readonly TaskView[]> {
  const names = namesOf(accounts);
  const nameOf = (worker: Address): string => names.get(worker) ?? short(worker);
  using board = createBoard(context, { task: "band", nameOf, notes: true });
  const settled: Settlement[] = [];
  return await followDeal(context, grid, submitted.dealId, async (task) => {
    board.tell(task);
    const settlement = task.status === "settled" ? await grid.settlements.of(task.taskId) : undefined;
    if (settlement) settled.push(settlement);
    const { match, seal, settle } = gasOf(submitted, settled);
    if (settlement) board.say(`gas so far: match ${match}, seal ${seal}, settle ${settle}`);
  });
}

async function settlementsOf(
  grid: Grid,
  { dealId }: Submitted,
  ids: readonly Submitted["dealId"][],
): Promise<readonly Settlement[]> {
  const found = await Promise.all(ids.map((id) => grid.settlements.of(id)));
  const known = found.filter((settlement) => settlement !== undefined);
  if (known.length === ids.length) return known;
  throw new Error(`Deal ${dealId} has tasks that were settled and are not any more`);
}

/** The app's own arguments, with another size. */
function sized(args: readonly string[], size: Size | undefined): readonly string[] {
  if (!size) return args;
  const wanted: Readonly<Record<string, number>> = { "--width": size.width, "--height": size.height };
  return args.map((arg, at) => `${wanted[args[at - 1] ?? ""] ?? arg}`);
}

const sceneOf = (args: readonly string[]): string => basename(args[0] ?? "picture", extname(args[0] ?? ""));

const namesOf = (accounts: Readonly<Record<string, Address>>): ReadonlyMap<Address, string> =>
  new Map(Object.entries(accounts).map(([name, address]) => [address, name]));
