import { Command } from "commander";

import { parseHttpUrl, wholeNumber } from "../args.ts";
import { contextOf } from "../context.ts";
import type { UpOptions } from "../local/bring-up.ts";
import { runUp } from "../local/run-up.ts";

export const up = new Command("up")
  .option("--workers <n>", "number of workers", wholeNumber(1, 16), 3)
  .option("--fresh", "delete what an earlier market has left, and start over", false)
  .option("--chain <url>", "use a development chain that runs already: id 31337, unlocked accounts", parseHttpUrl)
  .option("--any-ports", "take free ports only, for a market beside another", false)
  .addHelpText("after", "\nExample:\n  gridmill up --workers 3")
  .action(async (options: UpOptions, command: Command) => {
    await runUp(contextOf(command), options);
  });
