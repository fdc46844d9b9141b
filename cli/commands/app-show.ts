import { Command } from "commander";

import { parseId } from "../args.ts";
import { connectToRead } from "../connect.ts";
import { contextOf } from "../context.ts";
import { facts } from "../print.ts";

export const appShow = new Command("show")
  .argument("<id>", "app id", parseId)
  .addHelpText("after", "\nExample:\n  gridmill app show 1")
  .action(async (id: bigint, _options: unknown, command: Command) => {
    const context = contextOf(command);
    await using grid = await connectToRead(context);
    const app = await grid.apps.get(id);
    const image = `${app.reference}@sha256:${app.digest.slice(2)}`;
    context.print(app, () => facts({ app: id, image, owner: app.owner }));
  });
