import { Command } from "commander";

import { formatMill } from "../../protocol/amounts.ts";
import { connectToRead } from "../connect.ts";
import { contextOf } from "../context.ts";
import { healthOf } from "../local/health.ts";
import { readPlan } from "../local/local-plan.ts";
import { requireUp } from "../local/local-state.ts";
import { localPaths } from "../local/paths.ts";
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
      processes.flatMap(({ name, pid, health }) => {
        const address = accounts.find(([key]) => key === name && key.startsWith("worker-"))?.[1];
        return address ? [grid.accounts.show(address).then((account) => ({ name, pid, health, ...account }))] : [];
      }),
    );
    context.print({ workers }, () =>
      table(
        ["worker", "address", "health", "bond", "score", "MILL free"],
        workers.map((worker) => [
          ...[worker.name, worker.address, worker.health, formatMill(worker.bonded), worker.score],
          formatMill(worker.available),
        ]),
      ),
    );
  });
