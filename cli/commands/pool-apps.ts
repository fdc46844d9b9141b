import { Command } from "commander";

import type { PoolApp, PoolApps } from "../../protocol/pool-api.ts";
import { parseId, parseSha256 } from "../args.ts";
import { connectToSign } from "../connect.ts";
import { contextOf } from "../context.ts";
import { table } from "../print.ts";
import { LOCAL_POOL } from "../shared-options.ts";
import { when } from "../task-text.ts";

type Options = { readonly pool: bigint };

const OF_POOL = ["--pool <id>", LOCAL_POOL, parseId, 1n] as const;
const DIGEST = ["<digest>", "sha256 of its image, as the list has it", parseSha256] as const;

const list = new Command("list")
  .description("The apps that the pool has seen, the last that moved first: on probation, known or refused, and why")
  .option(...OF_POOL)
  .action(async ({ pool }: Options, command: Command) => {
    const context = contextOf(command);
    await using grid = await connectToSign(context);
    const found = await grid.pools.apps(pool);
    context.print(found, () => appsText(found));
  });

const allow = new Command("allow")
  .description("Vouch for an app: no task of it is compared or refused any more")
  .argument(...DIGEST)
  .option(...OF_POOL)
  .action(async (digest: string, { pool }: Options, command: Command) => {
    const context = contextOf(command);
    await using grid = await connectToSign(context);
    const allowed = await grid.pools.allowApp(pool, digest);
    context.print({ pool, ...allowed }, () => `allowed: app ${allowed.app}, ${allowed.image}`);
  });

const forget = new Command("forget")
  .description("Forget what the pool thinks of an app: its next tasks are compared as those of a new one")
  .argument(...DIGEST)
  .option(...OF_POOL)
  .action(async (digest: string, { pool }: Options, command: Command) => {
    const context = contextOf(command);
    await using grid = await connectToSign(context);
    const forgotten = await grid.pools.forgetApp(pool, digest);
    context.print({ pool, ...forgotten }, () => `forgotten: app ${forgotten.app}, which was ${forgotten.standing}`);
  });

export const poolApps = new Command("apps")
  .helpCommand(false)
  .addCommand(list)
  .addCommand(allow)
  .addCommand(forget)
  .addHelpText("after", "\nExample:\n  gridmill pool apps list --account pool-operator");

function appsText({ apps }: PoolApps): string {
  if (apps.length === 0) return "the pool has seen no app yet";
  const rows = apps.map((app) => [app.app, app.standing, when(app.since), app.digest, whyOf(app)]);
  return table(["app", "standing", "since", "digest of its image", "because"], rows);
}

function whyOf({ task, files, until }: PoolApp): string {
  if (task === null || until === null) return "";
  const where = files.length > 0 ? `, in ${files.join(", ")}` : "";
  return `three answers to task ${task}${where}; until ${when(until)}`;
}
