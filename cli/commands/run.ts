import { Command } from "commander";

import {
  collectEnv,
  collectInput,
  parseAddress,
  parseDuration,
  parseId,
  parseMill,
  parseTasks,
  parseTrust,
  parseWeights,
} from "../args.ts";
import { contextOf } from "../context.ts";
import type { RunOptions } from "../run/options.ts";
import { runApp } from "../run/run-app.ts";
import { categoryOption, cpusOption, memoryOption } from "../shared-options.ts";

const TIMES = "how long a task may take: 5 min, 20 min, 1 h, 3 h, 10 h (default: what app.json says, else 0)";

export const run = new Command("run")
  .argument("<what>", "a folder with an app.json, an image name, or the id of an app")
  .argument("[args...]", "arguments for the app, behind --")
  .option("--input <path[=name]>", "a file that the task sees as /input/NAME; may be repeated", collectInput, [])
  .option("--dataset <id>", "a dataset that the task reads as /dataset/data, paid per task", parseId)
  .option("--env <name=value>", "a variable for the app; may be repeated", collectEnv, {})
  .option("--trust <n>", "2: one newcomer's word; 3: two equal answers; 5: three", parseTrust, 3)
  .addOption(categoryOption(TIMES))
  .option("--max-price <mill>", "most that app, dataset and pool may each ask for one task, in MILL", parseMill)
  .option("--tasks <n>", "number of tasks, told to the app as GRIDMILL_TASK_INDEX and _COUNT", parseTasks, 1)
  .option("--pool <id>", "only this pool", parseId)
  .option("--payer <address>", "whose escrow pays, which has to allow it (default: your own)", parseAddress)
  .addOption(cpusOption("cores that a task needs (default: what app.json says, else 1)"))
  .addOption(memoryOption("memory that a task needs (default: what app.json says, else 512M)"))
  .option("--seconds <time>", "tighter time limit for a task on the reference machine, such as 90s", parseDuration)
  .option(
    "--weigh <weights>",
    "what counts of the workers, such as speed=3,trust=1 (default: the pool's order)",
    parseWeights,
  )
  .option("--out <dir>", "folder for the results (default: out/<deal>)")
  .option("--timeout <time>", "stop waiting after this, such as 10m; the deal goes on", parseDuration)
  .option("--detach", "do not wait for the results", false)
  .option("--dry-run", "say what would happen, and what it would cost", false)
  .option("--yes", "do not ask before spending", false)
  .addHelpText(
    "after",
    "\nExamples:\n  gridmill run apps/checksum --input README.md --trust 3\n  gridmill run 127.0.0.1:5010/render:1.0.0 --tasks 4 -- woodbox.pov",
  )
  .action(async (what: string, args: string[], options: RunOptions, command: Command) => {
    await runApp(contextOf(command), what, args, options);
  });
