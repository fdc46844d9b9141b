import { Command } from "commander";

import { formatMill } from "../../protocol/amounts.ts";
import type { PoolWorkers } from "../../protocol/pool-api.ts";
import { parseId } from "../args.ts";
import { connectToRead } from "../connect.ts";
import { contextOf } from "../context.ts";
import { table } from "../print.ts";
import { LOCAL_POOL, WATCH } from "../shared-options.ts";
import { showView } from "../watch.ts";

type Outcomes = PoolWorkers["workers"][number]["outcomes"];

export const poolWorkers = new Command("workers")
  .argument("[id]", LOCAL_POOL, parseId)
  .option(...WATCH)
  .addHelpText("after", "\nExample:\n  gridmill pool workers 1 --watch")
  .action(async (id: bigint | undefined, { watch }: { watch: boolean }, command: Command) => {
    const context = contextOf(command);
    await using grid = await connectToRead(context);
    await showView(context, watch, { ask: () => grid.pools.workers(id ?? 1n), text: workersText });
  });

const OUTCOMES = ["good", "late", "refused", "differed"];

function gradeText(grade: string, until: number | null): string {
  return until === null ? grade : `${grade} until ${new Date(until * 1_000).toISOString().slice(0, 19)}`;
}

function speedText({ stated, shown }: { readonly stated: number; readonly shown: number }): string {
  return shown < stated ? `${stated}, shows ${shown}` : String(stated);
}

function outcomeTexts({ success, late, refused, disagreed, reliability }: Outcomes): readonly string[] {
  return [...[success, late, refused, disagreed].map((count) => count.toFixed(1)), reliability.toFixed(2)];
}

function workersText({ workers }: PoolWorkers): string {
  const rows = workers.map(
    ({ worker, owner, agent, busy, slots, accepting, votes, atRisk, grade, until, speed, outcomes }) => [
      ...[
        worker,
        owner ?? "-",
        agent,
        `${busy}/${slots}`,
        accepting ? "yes" : "no",
        gradeText(grade, until),
        speedText(speed),
      ],
      ...[votes, formatMill(atRisk), ...outcomeTexts(outcomes)],
    ],
  );
  return table(
    [
      "worker",
      "owner",
      "agent",
      "busy",
      "accepting",
      "grade",
      "speed",
      "votes",
      "MILL at risk",
      ...OUTCOMES,
      "reliability",
    ],
    rows,
  );
}
