import { Command } from "commander";

import { parseId, parseMill, parsePort, wholeNumber } from "../args.ts";
import { contextOf } from "../context.ts";
import { UsageError } from "../errors.ts";
import type { WorkerServiceOptions } from "../foreground/worker.ts";
import { refuseOptions, resumeService } from "../local/resume.ts";
import { LOCAL_NETWORK } from "../networks.ts";
import { cpusOption, diskOption, memoryOption } from "../shared-options.ts";

type Options = WorkerServiceOptions & { readonly name?: string };

export const workerStart = new Command("start")
  .option("--pool <id>", "which pool to work for", parseId)
  .option("--data <dir>", "folder for its journal and work (default: under GRIDMILL_HOME)")
  .option("--slots <n>", "most tasks at a time (default: 1)", wholeNumber(1, 256))
  .addOption(cpusOption("cores for all tasks together (default: all)"))
  .addOption(memoryOption("memory for all tasks together (default: three quarters)"))
  .addOption(diskOption("disk for all tasks together (default: half of what is free)"))
  .option("--max-stake <mill>", "most to stake on one vote (default: 1000)", parseMill)
  .option("--owner <file>", "what gridmill worker own printed: whose this worker is (default: owner.json of its data)")
  .option("--port <n>", "port of its status page, on loopback (default: any)", parsePort)
  .option("--name <worker>", "which worker of the local network to resume (default: worker-1)")
  .addHelpText(
    "after",
    "\nExamples:\n  gridmill worker start --name worker-2\n  gridmill worker start --network testnet --account my-worker --pool 2 --slots 4",
  )
  .action(async ({ name, ...options }: Options, command: Command) => {
    const context = contextOf(command);
    if (context.networkName === LOCAL_NETWORK) {
      refuseOptions(options);
      return await resumeService(context, name ?? "worker-1");
    }
    if (name !== undefined)
      throw new UsageError("--name is for the local network", { hint: "Choose the worker's key with --account" });
    const { runWorker } = await import("../foreground/worker.ts");
    await runWorker(context, options);
  });
