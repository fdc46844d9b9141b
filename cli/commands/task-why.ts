import { Command } from "commander";

import { parseTaskId } from "../args.ts";
import { connectToRead } from "../connect.ts";
import { contextOf } from "../context.ts";
import { whyText } from "../why-text.ts";

export const taskWhy = new Command("why")
  .argument("<id>", "task id", parseTaskId)
  .addHelpText("after", "\nExample:\n  gridmill task why 0x5f3a...")
  .action(async (id: ReturnType<typeof parseTaskId>, _options: unknown, command: Command) => {
    const context = contextOf(command);
    await using grid = await connectToRead(context);
    const why = await grid.tasks.why(id);
    context.print(why, () => whyText(why));
  });
