import { Command } from "commander";

import { parseId, parsePort, parseRedisUrl, wholeNumber } from "../args.ts";
import { contextOf } from "../context.ts";
import type { PoolServiceOptions } from "../foreground/pool.ts";
import { refuseOptions, resumeService } from "../local/resume.ts";
import { LOCAL_NETWORK } from "../networks.ts";

export const poolStart = new Command("start")
  .option("--pool <id>", "which pool; your key is its operator", parseId)
  .option("--redis <url>", "where it keeps its state", parseRedisUrl)
  .option("--lanes <n>", "lanes that its orders use, counted from 0 (default: 1)", wholeNumber(1, 256))
  .option("--data <dir>", "folder for inputs and results (default: under GRIDMILL_HOME)")
  .option("--host <address>", "where its gateway listens (default: 127.0.0.1)")
  .option("--port <n>", "port of its gateway (default: 8470)", parsePort)
  .addHelpText(
    "after",
    "\nExamples:\n  gridmill pool start\n  gridmill pool start --network testnet --account my-pool --pool 2 --redis redis://127.0.0.1:6379",
  )
  .action(async (options: PoolServiceOptions, command: Command) => {
    const context = contextOf(command);
    if (context.networkName === LOCAL_NETWORK) {
      refuseOptions(options);
      return await resumeService(context, "pool");
    }
    const { runPool } = await import("../foreground/pool.ts");
    await runPool(context, options);
  });
