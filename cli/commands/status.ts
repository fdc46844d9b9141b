import { Command } from "commander";

import { contextOf } from "../context.ts";
import { healthOf } from "../local/health.ts";
import { readLocalState } from "../local/local-state.ts";
import { localPaths } from "../local/paths.ts";
import { isAlive } from "../../chain/node/process-id.ts";
import { table } from "../print.ts";

export const status = new Command("status")
  .addHelpText("after", "\nExample:\n  gridmill status --json")
  .action(async (_options: unknown, command: Command) => {
    const context = contextOf(command);
    const state = await readLocalState(localPaths(context.home.local).state);
    const running = state !== undefined && (await isAlive(state.up));
    const children = state ? await healthOf(state) : [];
    const processes = children.map(({ name, pid, port, health, dataDir, logFile }) => ({
      name,
      pid,
      port,
      health,
      dataDir,
      logFile,
    }));
    context.print({ up: running, pid: running ? state.up.pid : null, processes }, () =>
      processes.length === 0
        ? "No market runs on this machine. Start one: gridmill up"
        : table(
            ["what", "health", "pid", "port", "data"],
            processes.map(({ name, health, pid, port, dataDir }) => [name, health, pid, port, dataDir]),
          ),
    );
  });
