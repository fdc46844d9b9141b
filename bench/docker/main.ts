/**
 * What real containers cost a worker: `npm run bench:docker`. Executed votes a second of settled tasks, with a real scheduler, real
 * worker processes, Redis and chain, against a bare dockerode loop with the same host configuration and concurrency, in turns.
 * `--rounds N`, `--tasks N` of a round, `--slots N` of each of the two workers. Prints one JSON value; with `--write` it becomes
 * `bench/results/docker.json`.
 */
import { parseArgs } from "node:util";

import { z } from "zod";

import { Count } from "../../test/support/count.ts";
import { busyboxImage } from "../../test/support/images.ts";
import { testRegistry } from "../../test/support/parts.ts";
import { openStage } from "../../test/support/stage/stage.ts";
import type { Stage } from "../../test/support/stage/stage.ts";
import { connectEngine } from "../../worker/executor/engine.ts";
import { report } from "../report.ts";
import { followSettles } from "../settled.ts";
import { median, takeStamp } from "../stamp.ts";
import { bareRunsPerSecond } from "./bare.ts";

const SOCKET = "/var/run/docker.sock";
const BLOCK_SECONDS = 1;
const WORKERS = 2;
/** Two newcomers decide each task. */
const VOTES = 2;
const ROUND_MS = 900_000;
const ARGS = ["sh", "-c", "echo task $GRIDMILL_TASK_INDEX > /output/answer"];

const text = { type: "string" } as const;
const Asked = z.object({ rounds: Count.prefault("3"), tasks: Count.prefault("60"), slots: Count.prefault("4") });
const options = {
  rounds: text,
  tasks: text,
  slots: text,
  json: { type: "boolean" },
  write: { type: "boolean" },
} as const;
const { rounds, tasks, slots } = Asked.parse(parseArgs({ options }).values);

/** From the deal's block to that of the last settle. */
async function votesPerSecond(stage: Stage, count: number): Promise<number> {
  const { openedAt, block } = await stage.openDeal(count);
  const blocks = await followSettles(stage.grid, block, count, ROUND_MS);
  return (count * VOTES) / ((blocks.at(-1)!.seenAt - openedAt) / 1_000);
}

const stamp = takeStamp();
const docker = connectEngine({ socketPath: SOCKET });
await using registry = await testRegistry();
await using made = await busyboxImage({ dockerHost: `unix://${SOCKET}`, registryUrl: registry.url });
const [reference, sha256] = made.reference.split("@sha256:") as [string, string];
await using stage = await openStage({
  ...{ workers: WORKERS, blockSeconds: BLOCK_SECONDS, args: ARGS },
  image: { reference, digest: `0x${sha256}` },
  worker: {
    program: "worker/main.ts",
    env: {
      GRIDMILL_SLOTS: `${slots}`,
      // For nothing but its slots to bound what a worker does at a time.
      GRIDMILL_CPU_MILLICORES: `${slots * 1_000}`,
      GRIDMILL_MEMORY_MIB: `${slots * 1_024}`,
      GRIDMILL_DISK_MIB: `${slots * 1_024}`,
    },
  },
});
await stage.startWorkers(await stage.startScheduler(), WORKERS);
const concurrency = WORKERS * slots;
await votesPerSecond(stage, concurrency);

const measured: { readonly bare: number; readonly votes: number }[] = [];
while (measured.length < rounds) {
  const bare = await bareRunsPerSecond(docker, {
    image: made.reference,
    args: ARGS,
    count: tasks * VOTES,
    concurrency,
  });
  const round = { bare, votes: await votesPerSecond(stage, tasks) };
  measured.push(round);
}
await report({
  ...{ bench: "docker", ...stamp, workers: WORKERS, slots, tasks, votes: VOTES, blockSeconds: BLOCK_SECONDS },
  rounds: measured,
  votesPerSecond: median(measured.map(({ votes }) => votes)),
  barePerSecond: median(measured.map(({ bare }) => bare)),
  ratio: median(measured.map(({ votes, bare }) => votes / bare)),
  targets: { ratio: 0.8 },
});
