import { Command } from "commander";

import { parseId } from "../args.ts";
import { connectToRead } from "../connect.ts";
import { contextOf } from "../context.ts";
import { facts } from "../print.ts";

export const datasetShow = new Command("show")
  .argument("<id>", "dataset id", parseId)
  .addHelpText("after", "\nExample:\n  gridmill dataset show 1")
  .action(async (id: bigint, _options: unknown, command: Command) => {
    const context = contextOf(command);
    await using grid = await connectToRead(context);
    const dataset = await grid.datasets.get(id);
    const { reference, digest, owner, encrypted } = dataset;
    context.print(dataset, () =>
      facts({ dataset: id, at: reference, sha256: digest.slice(2), owner, encrypted: encrypted ? "yes" : "no" }),
    );
  });
