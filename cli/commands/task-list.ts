import { Command } from "commander";

import { formatMill } from "../../protocol/amounts.ts";
import { taskPrice } from "../../protocol/deal.ts";
import { NoKeyError } from "../errors.ts";
import { connectToRead } from "../connect.ts";
import { signingAddress } from "../signer.ts";
import { contextOf } from "../context.ts";
import { findNetwork } from "../networks.ts";
import { short, table } from "../print.ts";

export const taskList = new Command("list")
  .description("List your deals, newest first, with how many of their tasks are settled")
  .addHelpText("after", "\nExample:\n  gridmill task list --json")
  .action(async (_options: unknown, command: Command) => {
    const context = contextOf(command);
    const requester = await signingAddress(context, await findNetwork(context.home.networks, context.networkName));
    if (!requester) throw new NoKeyError("Whose tasks? There is no key", { hint: "Make one: gridmill account create" });
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
