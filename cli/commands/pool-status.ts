import { Command } from "commander";

import type { Grid } from "../../sdk/grid.ts";
import { formatMill } from "../../protocol/amounts.ts";
import { parseId } from "../args.ts";
import { connectToRead } from "../connect.ts";
import { contextOf } from "../context.ts";
import { facts, table } from "../print.ts";
import { LOCAL_POOL, WATCH } from "../shared-options.ts";
import { showView } from "../watch.ts";

export const poolStatus = new Command("status")
  .argument("[id]", LOCAL_POOL, parseId)
  .option(...WATCH)
  .addHelpText("after", "\nExample:\n  gridmill pool status 1")
  .action(async (given: bigint | undefined, { watch }: { watch: boolean }, command: Command) => {
    const context = contextOf(command);
    await using grid = await connectToRead(context);
    await showView(context, watch, { ask: () => statusOf(grid, given ?? 1n), text: statusText });
  });

type Status = Awaited<ReturnType<typeof statusOf>>;

async function statusOf(grid: Grid, id: bigint) {
  const pool = await grid.pools.get(id);
  const [offers, stake, live] = await Promise.all([
    grid.orders.list("pool", { pool: id }),
    grid.accounts.show(pool.owner),
    grid.pools.live(id),
  ]);
  return { ...pool, offers, stake: { available: stake.available, locked: stake.locked }, live };
}

function statusText({ id, owner, operator, endpoint, offers, stake, live }: Status): string {
  const money = { "MILL free": formatMill(stake.available), "MILL locked": formatMill(stake.locked) };
  const tasks = Object.entries(live.tasks).flatMap(([status, count]) => (count > 0 ? [`${count} ${status}`] : []));
  const drains = live.draining ? { drains: "yes: it takes nothing new, and finishes what was begun" } : {};
  const paused = live.hold ? { "gives no work out": `${live.hold.message} (${live.hold.code})` } : {};
  const head = facts({
    pool: id,
    owner,
    operator,
    endpoint,
    ...money,
    ...drains,
    ...paused,
    tasks: tasks.join(", ") || "none",
  });
  const prices = offers.map(({ order }) => [
    order.category,
    formatMill(order.price),
    order.maxTrust,
    order.grace,
    order.lane,
  ]);
  const workers = live.workers.map(({ worker, slots, busy, accepting }) => [
    worker,
    `${busy}/${slots}`,
    accepting ? "yes" : "no",
  ]);
  const held = live.epochs.flatMap(({ lane, epoch, state, note }) =>
    note === null ? [] : [[lane, epoch, state, note]],
  );
  const lists = [
    table(["category", "MILL", "trust up to", "grace s", "lane"], prices),
    table(["worker", "busy", "accepting"], workers),
    ...(held.length > 0 ? [table(["lane", "epoch", "is", "note"], held)] : []),
  ];
  return [head, ...lists].join("\n\n");
}
