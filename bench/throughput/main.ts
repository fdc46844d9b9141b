/**
 * What a scheduler settles in a second: `npm run bench:throughput`. `--workers N`, `--tasks N` of the deal that is counted,
 * `--open N` tasks that wait at most, beside which a task must cost no more, and that lie open over a restart. Real worker
 * processes, Redis and chain; only the containers are left out. Prints one JSON value; with `--write` it becomes
 * `bench/results/throughput.json`.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";

import { z } from "zod";

import { report } from "../report.ts";
import { Count } from "../../test/support/count.ts";
import { INSTANT_CROWD } from "../../test/support/stage/instant-crowd.ts";
import { openStage } from "../../test/support/stage/stage.ts";
import { takeStamp } from "../stamp.ts";
import { bareJobsPerSecond } from "./bare-bullmq.ts";
import { sharesIn } from "./cpu-profile.ts";
import { cpuMsPerTask } from "./cpu-time.ts";
import { measureCost, measureLatency, measureRate, measureRestart } from "./measures.ts";
import type { CostBeside } from "./measures.ts";

const BLOCK_SECONDS = 1;
const WARM_UP = 50;
/** How many tasks are counted beside each number of open ones, and those numbers below the most. */
const BESIDE = 300;
const FEWER = [1_000, 20_000];

const text = { type: "string" } as const;
const Asked = z.object({
  workers: Count.prefault("20"),
  tasks: Count.prefault("2000"),
  open: Count.prefault("100000"),
});
const options = {
  workers: text,
  tasks: text,
  open: text,
  json: { type: "boolean" },
  write: { type: "boolean" },
} as const;
const { workers, tasks, open } = Asked.parse(parseArgs({ options }).values);

const stamp = takeStamp();
await using stage = await openStage({ ...INSTANT_CROWD, workers, blockSeconds: BLOCK_SECONDS });
const bullmqJobsPerSecond = await bareJobsPerSecond(stage.redis.url);

const profileFolder = join(stage.folder, "profile");
const pool = await stage.startScheduler({ flags: ["--cpu-prof", "--cpu-prof-dir", profileFolder] });
const crowd = await stage.startWorkers(pool, workers);
await measureRate(stage, WARM_UP);
const parts = { scheduler: [pool.child.pid], workers: crowd.map(({ child }) => child.pid), ...stage.pids };
const { result: tasksPerSecond, cpuMs } = await cpuMsPerTask(parts, tasks, () => measureRate(stage, tasks));
const latencySeconds = await measureLatency(stage);
for (const { child } of crowd) await child.stop();
await pool.child.stop();
const profile = await sharesIn(profileFolder);

const full = await stage.startScheduler();
const others = await stage.startWorkers(full, workers);
const beside: CostBeside[] = [];
for (const count of [...FEWER.filter((fewer) => fewer < open), open]) {
  const waiting = beside.at(-1)?.open ?? 0;
  beside.push(await measureCost(stage, full, { waiting, open: count, tasks: BESIDE }));
}
for (const { child } of others) await child.stop();
const { restartSeconds, rssMiB } = await measureRestart(stage, full);

await report({
  ...{ bench: "throughput", ...stamp, workers, tasks, open, blockSeconds: BLOCK_SECONDS, votes: 2 },
  ...{ tasksPerSecond, bullmqJobsPerSecond, ratio: tasksPerSecond / bullmqJobsPerSecond },
  ...{ cpuMsPerTask: cpuMs, latencySeconds, restartSeconds, rssMiB, profile },
  ...{ beside, besideTasks: BESIDE, costGrowth: beside.at(-1)!.settleMs / beside[0]!.settleMs },
  targets: { tasksPerSecond: 150, latencySeconds: 4, restartSeconds: 15, rssMiB: 300, costGrowth: 1 },
});
