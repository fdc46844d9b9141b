import { Command } from "commander";

import { contextOf } from "../context.ts";
import { resumeService } from "../local/resume.ts";

export const poolStart = new Command("start")
  .description("Start the pool of this machine's market again, on its data folder, after it was killed")
  .addHelpText("after", "\nExample:\n  gridmill pool start")
  .action(async (_options: unknown, command: Command) => {
    await resumeService(contextOf(command), "pool");
  });
