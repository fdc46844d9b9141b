import { Command } from "commander";

import { formatMill } from "../../protocol/amounts.ts";
import { connectToRead } from "../connect.ts";
import { contextOf } from "../context.ts";
import { short, table } from "../print.ts";

export const datasetList = new Command("list")
  .addHelpText("after", "\nExample:\n  gridmill dataset list")
  .action(async (_options: unknown, command: Command) => {
    const context = contextOf(command);
    await using grid = await connectToRead(context);
    const datasets = await grid.datasets.list();
    context.print({ datasets }, () =>
      table(
        ["dataset", "at", "sha256", "owner", "MILL a task"],
        datasets.map(({ id, reference, digest, owner, price, encrypted }) => [
          ...[id, encrypted ? `${reference} (encrypted)` : reference, short(digest.slice(2)), short(owner)],
          price === null ? "not offered" : formatMill(price),
        ]),
      ),
    );
  });
