import { Command, Option } from "commander";

import { POOL_TASK_STATUSES } from "../../protocol/pool-api.ts";
import type { PoolTasks, PoolTaskStatus } from "../../protocol/pool-api.ts";
import { parseId, wholeNumber } from "../args.ts";
import { connectToRead } from "../connect.ts";
import { contextOf } from "../context.ts";
import { table } from "../print.ts";
import { LOCAL_POOL, WATCH } from "../shared-options.ts";
import { showView } from "../watch.ts";

type Options = { readonly watch: boolean; readonly status?: PoolTaskStatus; readonly limit: number };

export const poolTasks = new Command("tasks")
  .argument("[id]", LOCAL_POOL, parseId)
  .addOption(new Option("--status <status>", "only tasks of this status").choices(POOL_TASK_STATUSES))
  .option("--limit <n>", "most tasks to show, up to 500", wholeNumber(1, 500), 50)
  .option(...WATCH)
  .addHelpText("after", "\nExample:\n  gridmill pool tasks 1 --status planned")
  .action(async (id: bigint | undefined, { watch, status, limit }: Options, command: Command) => {
    const context = contextOf(command);
    await using grid = await connectToRead(context);
    const which = { limit, ...(status === undefined ? {} : { status }) };
    await showView(context, watch, { ask: () => grid.pools.tasks(id ?? 1n, which), text: tasksText });
  });

function tasksText({ tasks }: PoolTasks): string {
  const rows = tasks.map(({ taskId, lane, status, deadline, votes, waitingFor }) => [
    ...[taskId, lane, status, new Date(deadline * 1_000).toISOString().slice(0, 19)],
    Object.entries(votes)
      .map(([state, count]) => `${count} ${state}`)
      .join(", "),
    waitingFor ?? "",
  ]);
  return table(["task", "lane", "is", "deadline (UTC)", "votes", "waits for"], rows);
}
