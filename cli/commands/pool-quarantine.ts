import { Command } from "commander";

import type { PoolQuarantine, QuarantinedEvent } from "../../protocol/pool-api.ts";
import { parseId } from "../args.ts";
import { connectToSign } from "../connect.ts";
import { contextOf } from "../context.ts";
import { table } from "../print.ts";
import { terminalPrompts } from "../prompts.ts";
import { LOCAL_POOL } from "../shared-options.ts";

type Options = { readonly pool: bigint };

const OF_POOL = ["--pool <id>", LOCAL_POOL, parseId, 1n] as const;

const list = new Command("list")
  .description("What the pool could not take in, why, since when and how often, the oldest first")
  .option(...OF_POOL)
  .action(async ({ pool }: Options, command: Command) => {
    const context = contextOf(command);
    await using grid = await connectToSign(context);
    const quarantine = await grid.pools.quarantine(pool);
    context.print(quarantine, () => quarantineText(quarantine));
  });

const retry = new Command("retry")
  .description(
    "Hand events back to their queue, once what they failed for is mended; each leaves the list when it went through",
  )
  .argument("<id...>", "ids of the list")
  .option(...OF_POOL)
  .action(async (ids: readonly string[], { pool }: Options, command: Command) => {
    const context = contextOf(command);
    await using grid = await connectToSign(context);
    const retried: QuarantinedEvent[] = [];
    for (const id of ids) retried.push(await grid.pools.retryEvent(pool, id));
    context.print({ pool, retried }, () => retried.map((entry) => `handed back: ${lineOf(entry)}`).join("\n"));
  });

const drop = new Command("drop")
  .description("Forget events for good; the pool's log keeps a line of each")
  .argument("<id...>", "ids of the list")
  .option(...OF_POOL)
  .option("--yes", "do not ask before it is done", false)
  .action(async (ids: readonly string[], { pool, yes }: Options & { readonly yes: boolean }, command: Command) => {
    const context = contextOf(command);
    await using grid = await connectToSign(context);
    if (!yes) await terminalPrompts().confirm(`Drop ${ids.join(", ")} of pool ${pool} for good?`);
    const dropped: QuarantinedEvent[] = [];
    for (const id of ids) dropped.push(await grid.pools.dropEvent(pool, id));
    context.print({ pool, dropped }, () => dropped.map((entry) => `dropped: ${lineOf(entry)}`).join("\n"));
  });

export const poolQuarantine = new Command("quarantine")
  .helpCommand(false)
  .addCommand(list)
  .addCommand(retry)
  .addCommand(drop)
  .addHelpText("after", "\nExample:\n  gridmill pool quarantine list --account pool-operator");

function quarantineText({ entries }: PoolQuarantine): string {
  if (entries.length === 0) return "nothing is in quarantine";
  const rows = entries.map(({ id, event, deal, task, times, since, at, code, message }) => [
    ...[id, event, task ?? deal ?? ""],
    ...[times, timeText(since), timeText(at)],
    `${code}: ${message}`,
  ]);
  return table(["id", "event", "task or deal", "times", "since (UTC)", "last (UTC)", "why"], rows);
}

function lineOf({ id, event, block, deal, code }: QuarantinedEvent): string {
  return `${id} (${event} of block ${block}${deal === null ? "" : `, deal ${deal}`}; ${code})`;
}

function timeText(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().slice(0, 19);
}
