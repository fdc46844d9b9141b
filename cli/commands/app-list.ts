import { Command } from "commander";

import { formatMill } from "../../protocol/amounts.ts";
import { connectToRead } from "../connect.ts";
import { contextOf } from "../context.ts";
import { short, table } from "../print.ts";

export const appList = new Command("list")
  .addHelpText("after", "\nExample:\n  gridmill app list")
  .action(async (_options: unknown, command: Command) => {
    const context = contextOf(command);
    await using grid = await connectToRead(context);
    const apps = await grid.apps.list();
    context.print({ apps }, () =>
      table(
        ["app", "image", "digest", "owner", "MILL a task"],
        apps.map(({ id, reference, digest, owner, price }) => [
          ...[id, reference, short(digest), short(owner)],
          price === null ? "not offered" : formatMill(price),
        ]),
      ),
    );
  });
