/**
 * Resident size of the scheduler and the workers of a local market, idle and after tasks: `npm run bench:memory`.
 * Prints one JSON value; `-- --write` renews `bench/results/memory.json`. MiB, as the kernel counts them: VmRSS, with the pages of Node's own binary that are in use.
 */
import { join } from "node:path";

import { startLocalMarket } from "../../test/support/local-market.ts";
import type { LocalMarket } from "../../test/support/local-market.ts";
import { report } from "../report.ts";
import { residentMiB } from "../resident.ts";
import { takeStamp } from "../stamp.ts";

const TASKS = 20;
const WORKERS = 3;
const TARGETS = { scheduler: 200, worker: 150 };

type Sizes = { readonly scheduler: number; readonly market: number; readonly workers: readonly number[] };
type Status = { readonly processes: readonly { readonly name: string; readonly pid: number }[] };

async function sizesOf(market: LocalMarket): Promise<Sizes> {
  const { processes } = (await market.run(["status"])).json as Status;
  const sizes = new Map(
    await Promise.all(processes.map(async ({ name, pid }) => [name, await residentMiB(pid)] as const)),
  );
  const workers = [...sizes].flatMap(([name, size]) => (name.startsWith("worker-") ? [size] : []));
  return { scheduler: sizes.get("pool")!, market: sizes.get("market")!, workers };
}

async function runTasks(market: LocalMarket): Promise<void> {
  const out = join(market.home, "out");
  const args = ["run", "apps/checksum", "--input", "package.json", "--tasks", `${TASKS}`, "--trust", "3", "--yes"];
  const { code, stderr } = await market.run([...args, "--out", out], { timeoutMs: 300_000 });
  if (code !== 0) throw new Error(stderr);
}

const stamp = takeStamp();
await using market = await startLocalMarket(["--workers", `${WORKERS}`]);
const idle = await sizesOf(market);
await runTasks(market);
const after = await sizesOf(market);
await report({ bench: "memory", ...stamp, unit: "MiB resident", tasks: TASKS, idle, after, targets: TARGETS });
