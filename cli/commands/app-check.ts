import { Command } from "commander";

import { collectEnv, collectInput, parseDuration, parseTasks } from "../args.ts";
import { checkApp } from "../check/check-app.ts";
import type { CheckOptions } from "../check/check-app.ts";
import { contextOf } from "../context.ts";
import { UsageError } from "../errors.ts";
import { readTarget } from "../run/target.ts";
import { categoryOption, cpusOption, memoryOption } from "../shared-options.ts";

export const appCheck = new Command("check")
  .argument("<dir|image>", "a folder with an app.json, which is built, or the name of an image")
  .argument("[args...]", "arguments for the app, behind --")
  .option("--input <path[=name]>", "a file that the task sees as /input/NAME; may be repeated", collectInput, [])
  .option("--dataset <file>", "a file that stands for the dataset of a deal")
  .option("--env <name=value>", "a variable for the app; may be repeated", collectEnv, {})
  .addOption(categoryOption("the category that is to be enough (default: what app.json says)"))
  .option("--seconds <time>", "end a run after this time on the reference machine, such as 90s", parseDuration)
  .option("--tasks <n>", "tell the app that it is the first of so many tasks", parseTasks, 1)
  .addOption(cpusOption("cores that a task needs (default: what app.json says, else 1)"))
  .addOption(memoryOption("memory that a task needs (default: what app.json says, else 512M)"))
  .addHelpText("after", "\nExample:\n  gridmill app check apps/checksum --input README.md")
  .action(async (what: string, args: string[], options: CheckOptions, command: Command) => {
    const context = contextOf(command);
    const target = await readTarget(what);
    if (target.kind === "app") {
      throw new UsageError(`App ${target.id} is registered already: give a folder or an image`, {
        hint: `Check its image before: gridmill app show ${target.id} names it`,
      });
    }
    await checkApp(context, target, args, options);
  });
