import { Command } from "commander";

import { formatMill } from "../../protocol/amounts.ts";
import { connectToRead } from "../connect.ts";
import { contextOf } from "../context.ts";
import { healthOf } from "../local/health.ts";
import { readPlan } from "../local/local-plan.ts";
import { requireUp } from "../local/local-state.ts";
import { localPaths } from "../local/paths.ts";
import { workerWarnings } from "../local/worker-warnings.ts";
import { table } from "../print.ts";

export const workerStatus = new Command("status")
  .addHelpText("after", "\nExample:\n  gridmill worker status --json")
  .action(async (_options: unknown, command: Command) => {
    const context = contextOf(command);
    const paths = localPaths(context.home.local);
    const processes = await healthOf(await requireUp(paths.state));
    const accounts = Object.entries((await readPlan(paths.plan))?.accounts ?? {});
    await using grid = await connectToRead(context);
    const workers = await Promise.all(
      processes.flatMap(({ name, pid, health, url }) => {
        const address = accounts.find(([key]) => key === name && key.startsWith("worker-"))?.[1];
        if (!address) return [];
        const asked = Promise.all([grid.accounts.show(address), workerWarnings(url)]);
        return [asked.then(([account, warnings]) => ({ name, pid, health, ...account, warnings }))];
      }),
    );
    context.print({ workers }, () => {
      const rows = workers.map((worker) => [
        ...[worker.name, worker.address, worker.health, formatMill(worker.bonded), worker.score],
        formatMill(worker.available),
      ]);
      const warned = workers.flatMap(({ name, warnings }) => warnings.map((warning) => `${name}: ${warning}`));
      return [table(["worker", "address", "health", "bond", "score", "MILL free"], rows), ...warned].join("\n");
    });
  });
