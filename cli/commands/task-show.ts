import { Command } from "commander";

import { parseTaskId } from "../args.ts";
import { connectToRead } from "../connect.ts";
import { contextOf } from "../context.ts";
import { taskJson, taskText } from "../task-text.ts";

export const taskShow = new Command("show")
  .argument("<id>", "task id", parseTaskId)
  .addHelpText("after", "\nExample:\n  gridmill task show 0x5f3a... --json")
  .action(async (id: ReturnType<typeof parseTaskId>, _options: unknown, command: Command) => {
    const context = contextOf(command);
    await using grid = await connectToRead(context);
    const task = await grid.tasks.get(id);
    context.print(taskJson(task), () => taskText(task));
  });
