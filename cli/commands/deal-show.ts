import { Command } from "commander";

import { formatMill } from "../../protocol/amounts.ts";
import { parseDealId } from "../args.ts";
import { connectToRead } from "../connect.ts";
import { contextOf } from "../context.ts";
import { facts, table } from "../print.ts";
import { when } from "../task-text.ts";

export const dealShow = new Command("show")
  .argument("<id>", "deal id", parseDealId)
  .addHelpText("after", "\nExample:\n  gridmill deal show 0x71a8... --json")
  .action(async (id: ReturnType<typeof parseDealId>, _options: unknown, command: Command) => {
    const context = contextOf(command);
    await using grid = await connectToRead(context);
    const { dealId, deal, tasks, deadline, perTask, paid, blockNumber } = await grid.deals.show(id);
    context.print({ dealId, deal, deadline, perTask, paid, blockNumber, tasks }, () => {
      const { app, dataset, pool, requester, payer, trust, volume } = deal;
      const money = { "MILL a task": formatMill(perTask), "MILL paid": formatMill(paid) };
      const terms = facts({
        deal: dealId,
        app,
        dataset: dataset === 0n ? undefined : dataset,
        pool,
        requester,
        payer,
        trust,
        tasks: volume,
        ...money,
        deadline: when(deadline),
      });
      const rows = tasks.map(({ index, taskId, status, digest }) => [index, taskId, status, digest ?? "-"]);
      return `${terms}\n\n${table(["task", "id", "status", "digest"], rows)}`;
    });
  });
