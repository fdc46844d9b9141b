import { setTimeout as sleep } from "node:timers/promises";

import { Command } from "commander";

import type { PoolInfo } from "../../protocol/pool-api.ts";
import type { Pools } from "../../sdk/pools.ts";
import { parseDuration, parseId } from "../args.ts";
import { connectToSign } from "../connect.ts";
import { contextOf } from "../context.ts";
import type { Context } from "../context.ts";
import { TimedOutError } from "../errors.ts";
import { LOCAL_POOL } from "../shared-options.ts";

type Options = { readonly off: boolean; readonly wait: boolean; readonly timeout?: number };

/** How often it is looked whether anything is left, in milliseconds. */
const LOOK_MS = 1_000;

export const poolDrain = new Command("drain")
  .argument("[id]", LOCAL_POOL, parseId)
  .option("--off", "take new work again", false)
  .option("--wait", "return once nothing that was begun is left", false)
  .option("--timeout <time>", "with --wait: give up after this, such as 10m", parseDuration)
  .addHelpText("after", "\nExample:\n  gridmill pool drain 1 --wait --account pool-operator")
  .action(async (given: bigint | undefined, { off, wait, timeout }: Options, command: Command) => {
    const context = contextOf(command);
    await using grid = await connectToSign(context);
    const id = given ?? 1n;
    const { draining } = await grid.pools.drain(id, !off);
    const live = wait && draining ? await untilDrained(context, grid.pools, id, timeout) : await grid.pools.live(id);
    const left = leftIn(live);
    context.print({ pool: id, draining, ...left }, () => {
      if (!draining) return `pool ${id} takes new work`;
      return `pool ${id} drains: ${left.votes} votes and ${left.epochs} epochs are left of what was begun`;
    });
  });

/** What was begun and is not over. */
function leftIn({ votes, epochs }: PoolInfo): { readonly votes: number; readonly epochs: number } {
  return {
    votes: Object.values(votes).reduce((sum, count) => sum + count, 0),
    epochs: epochs.filter(({ state }) => state !== "settled" && state !== "abandoned").length,
  };
}

async function untilDrained(context: Context, pools: Pools, id: bigint, timeout?: number): Promise<PoolInfo> {
  const patience = timeout === undefined ? context.signal : AbortSignal.timeout(timeout * 1_000);
  const signal = AbortSignal.any([context.signal, patience]);
  for (;;) {
    const live = await pools.live(id);
    const left = leftIn(live);
    if (left.votes + left.epochs === 0) return live;
    context.progress(`${left.votes} votes and ${left.epochs} epochs are left`);
    await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
    context.signal.throwIfAborted();
    if (!signal.aborted) continue;
    throw new TimedOutError(`Pool ${id} has not finished after ${timeout} s; it goes on draining`, {
      hint: `Look again: gridmill pool status ${id}`,
    });
  }
}
