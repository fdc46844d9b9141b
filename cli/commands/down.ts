import { rm } from "node:fs/promises";

import { Command } from "commander";

import { contextOf } from "../context.ts";
import { takeDown } from "../local/bring-up.ts";
import { readLocalState } from "../local/local-state.ts";
import { localPaths } from "../local/paths.ts";
import { stopProcess } from "../local/processes.ts";

/** An orderly `up` needs this long to stop all of its children. */
const UP_GRACE_MS = 60_000;

export const down = new Command("down")
  .option("--fresh", "delete its data too", false)
  .addHelpText("after", "\nExample:\n  gridmill down")
  .action(async ({ fresh }: { fresh: boolean }, command: Command) => {
    const context = contextOf(command);
    const paths = localPaths(context.home.local);
    const state = await readLocalState(paths.state);
    const names = state?.children.map(({ name }) => name) ?? [];
    if (state) await stopProcess(state.up, UP_GRACE_MS);
    await takeDown(paths); // what an up that was killed has left
    if (fresh) await rm(paths.root, { recursive: true, force: true });
    context.print({ stopped: names }, names.length > 0 ? `stopped ${names.join(", ")}` : "nothing was running");
  });
