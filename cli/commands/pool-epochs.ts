import { Command } from "commander";

import type { PoolEpochs } from "../../protocol/pool-api.ts";
import { parseId } from "../args.ts";
import { connectToRead } from "../connect.ts";
import { contextOf } from "../context.ts";
import { table } from "../print.ts";
import { LOCAL_POOL, WATCH } from "../shared-options.ts";
import { showView } from "../watch.ts";

export const poolEpochs = new Command("epochs")
  .argument("[id]", LOCAL_POOL, parseId)
  .option(...WATCH)
  .addHelpText("after", "\nExample:\n  gridmill pool epochs 1 --watch")
  .action(async (id: bigint | undefined, { watch }: { watch: boolean }, command: Command) => {
    const context = contextOf(command);
    await using grid = await connectToRead(context);
    await showView(context, watch, { ask: () => grid.pools.epochs(id ?? 1n), text: epochsText });
  });

function epochsText({ epochs }: PoolEpochs): string {
  const rows = epochs.map(({ lane, epoch, state, tasks, asked, ballots, opened, since, note }) => [
    ...[lane, epoch, state, since === null ? "" : new Date(since * 1_000).toISOString().slice(0, 19)],
    ...[tasks, `${ballots}/${asked}`, `${opened}/${ballots}`, note ?? ""],
  ]);
  return table(["lane", "epoch", "is", "since (UTC)", "tasks", "ballots", "opened", "note"], rows);
}
