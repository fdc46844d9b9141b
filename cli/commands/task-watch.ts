import { Command } from "commander";

import { parseDuration, parseTaskId } from "../args.ts";
import { connectToRead } from "../connect.ts";
import { contextOf } from "../context.ts";
import { TimedOutError } from "../errors.ts";
import { progressLine } from "../run/follow.ts";
import { taskJson } from "../task-text.ts";
import { isFinal } from "../../sdk/deals.ts";

export const taskWatch = new Command("watch")
  .argument("<id>", "task id", parseTaskId)
  .option("--timeout <time>", "stop watching after this, such as 10m", parseDuration)
  .addHelpText("after", "\nExample:\n  gridmill task watch 0x5f3a...")
  .action(async (id: ReturnType<typeof parseTaskId>, { timeout }: { timeout?: number }, command: Command) => {
    const context = contextOf(command);
    const patience = timeout === undefined ? context.signal : AbortSignal.timeout(timeout * 1_000);
    await using grid = await connectToRead(context);
    for await (const task of grid.tasks.watch(id, AbortSignal.any([context.signal, patience]))) {
      context.print(taskJson(task), () => progressLine(task));
      if (isFinal(task)) return;
    }
    context.signal.throwIfAborted();
    throw new TimedOutError(`Task ${id} is not over after ${timeout} s`, {
      hint: `Look again: gridmill task show ${id}`,
    });
  });
