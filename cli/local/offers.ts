import { availableParallelism, totalmem } from "node:os";

import { MILL } from "../../protocol/amounts.ts";
import { NO_RESOURCES } from "../../protocol/capabilities.ts";
import type { Resources } from "../../protocol/capabilities.ts";
import type { Grid } from "../../sdk/grid.ts";

/** Price of the local pool in wei per task, by category: a MILL for each five minutes of the reference machine. */
const CATEGORY_PRICES = [1n, 4n, 12n, 36n, 120n].map((price) => price * MILL);

const MEMORY_SHARE = 0.75;
/** Largest output that a local worker offers. */
const DISK_MIB = 2_048;

/** What each of several workers on this machine offers. They overlap on the cores: a task may wait a little for one. */
export function workerResources(workers: number): Resources {
  const cores = availableParallelism() * 1_000;
  return {
    ...NO_RESOURCES,
    cpuMillicores: Math.max(1_000, Math.floor(cores / workers)),
    memoryMiB: Math.max(512, Math.floor(((totalmem() / 1_048_576) * MEMORY_SHARE) / workers)),
    diskMiB: DISK_MIB,
  };
}

/** Highest trust that these newcomers can reach when all agree: their weights are 2 each. */
export function reachableTrust(workers: number): number {
  return 2 ** Math.min(workers, 30);
}

/** Offers the local pool in every category, with callbacks and with no grace: it knows its requesters. */
export async function offerEverything(owner: Grid, pool: bigint, workers: number): Promise<void> {
  for (const [category, price] of CATEGORY_PRICES.entries()) {
    await owner.pools.offer({
      ...{ pool, category, price, grace: 0, lane: 0, workerStake: 3_000, schedulerShare: 500 },
      capabilities: { ...workerResources(workers), flags: ["callback"] },
      maxTrust: reachableTrust(workers),
      expiresInSeconds: 365 * 86_400,
    });
  }
}
