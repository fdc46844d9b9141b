import { id } from "ethers";

import type { TestGrid } from "../test/support/chain/grid.ts";
import { waitFor } from "../test/support/wait-for.ts";

const TASK_SETTLED = id("TaskSettled(bytes32,uint32,bytes32)");

/** Tasks that one block settled; `seenAt` in Unix ms of this machine. */
export type Settled = { readonly block: number; readonly tasks: number; readonly seenAt: number };

/** Follows the chain until `wanted` tasks are settled. @returns the blocks that settled some */
export async function followSettles(
  grid: TestGrid,
  from: number,
  wanted: number,
  timeoutMs: number,
): Promise<readonly Settled[]> {
  const blocks: Settled[] = [];
  let next = from;
  const all = async (): Promise<boolean> => {
    const head = await grid.provider.getBlockNumber();
    const seenAt = Date.now();
    if (head >= next) blocks.push(...(await settledIn(grid, next, head)).map((each) => ({ ...each, seenAt })));
    next = head + 1;
    return blocks.reduce((sum, { tasks }) => sum + tasks, 0) >= wanted;
  };
  await waitFor(`${wanted} tasks to be settled`, all, { timeoutMs, everyMs: 200 });
  return blocks;
}

async function settledIn(grid: TestGrid, from: number, to: number): Promise<readonly Omit<Settled, "seenAt">[]> {
  const filter = { address: grid.deployment.contracts.hub, topics: [TASK_SETTLED], fromBlock: from, toBlock: to };
  const perBlock = new Map<number, number>();
  for (const { blockNumber } of await grid.provider.getLogs(filter)) {
    perBlock.set(blockNumber, (perBlock.get(blockNumber) ?? 0) + 1);
  }
  return [...perBlock].map(([block, tasks]) => ({ block, tasks }));
}
