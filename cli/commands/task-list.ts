import { Command } from "commander";

import { formatMill } from "../../protocol/amounts.ts";
import { taskPrice } from "../../protocol/deal.ts";
import { connectToRead } from "../connect.ts";
import { contextOf } from "../context.ts";
import { short, table } from "../print.ts";
import { requireAddress } from "../signer.ts";

export const taskList = new Command("list")
  .addHelpText("after", "\nExample:\n  gridmill task list --json")
  .action(async (_options: unknown, command: Command) => {
    const context = contextOf(command);
    const requester = await requireAddress(context, "Whose tasks?");
    await using grid = await connectToRead(context);
    const deals = await grid.deals.list({ requester });
    const rows = deals.map(({ dealId, deal, status, settled, deadline }) => ({
      ...{ dealId, app: deal.app, pool: deal.pool, status, settled, tasks: deal.volume, deadline },
      perTask: taskPrice(deal),
    }));
    context.print({ deals: rows }, () =>
      table(
        ["deal", "app", "pool", "status", "settled", "MILL a task"],
        rows.map((row) => [
          short(row.dealId),
          row.app,
          row.pool,
          row.status,
          `${row.settled}/${row.tasks}`,
          formatMill(row.perTask),
        ]),
      ),
    );
  });
