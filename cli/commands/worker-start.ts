import { Command } from "commander";

import { contextOf } from "../context.ts";
import { resumeService } from "../local/resume.ts";

export const workerStart = new Command("start")
  .description("Start a worker of this machine's market again, on its data folder, after it was killed")
  .option("--name <worker>", "which one, as gridmill status calls it", "worker-1")
  .addHelpText("after", "\nExample:\n  gridmill worker start --name worker-2")
  .action(async ({ name }: { name: string }, command: Command) => {
    await resumeService(contextOf(command), name);
  });
