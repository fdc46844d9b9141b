import { setTimeout as sleep } from "node:timers/promises";

import { waitFor } from "../../test/support/wait-for.ts";
import { residentMiB } from "../resident.ts";
import { median } from "../stamp.ts";
import type { Service } from "../../test/support/stage/service.ts";
import { followSettles } from "../settled.ts";
import { cpuMsPerTask } from "./cpu-time.ts";
import type { Stage } from "../../test/support/stage/stage.ts";

const ROUNDS = 5;
const RATE_MS = 900_000;
const ENTER_MS = 600_000;
/** A pool that has just settled is idle again after this long, in milliseconds. */
const PAUSE_MS = 2_000;
/** What a start needs and lets go of is gone after this long, in milliseconds. */
const REST_MS = 10_000;

/** Tasks a second of one deal, from its block to that of the last settle. */
export async function measureRate(stage: Stage, tasks: number): Promise<number> {
  const { openedAt, block } = await stage.openDeal(tasks);
  const blocks = await followSettles(stage.grid, block, tasks, RATE_MS);
  return tasks / ((blocks.at(-1)!.seenAt - openedAt) / 1_000);
}

/** Seconds from a deal of one task to its settle, of an idle pool: the median of some. */
export async function measureLatency(stage: Stage): Promise<number> {
  const rounds: number[] = [];
  while (rounds.length < ROUNDS) {
    await sleep(PAUSE_MS);
    const { openedAt, block } = await stage.openDeal(1);
    const [settled] = await followSettles(stage.grid, block, 1, RATE_MS);
    rounds.push((settled!.seenAt - openedAt) / 1_000);
  }
  return median(rounds);
}

/** What a task costs beside `open` others that wait, in milliseconds of the scheduler's CPU: to be entered, and to be settled. */
export type CostBeside = {
  readonly open: number;
  readonly enterMs: number;
  readonly settleMs: number;
  readonly rssMiB: number;
};

/**
 * Opens deals that nobody can serve until `open` tasks wait, and then one of `tasks` that is served beside them.
 * @param waiting how many wait already
 */
export async function measureCost(
  stage: Stage,
  { child: { pid }, url }: Service,
  { waiting, open, tasks }: { readonly waiting: number; readonly open: number; readonly tasks: number },
): Promise<CostBeside> {
  const entering = await cpuMsPerTask({ scheduler: [pid] }, open - waiting, async () => {
    await stage.openDeal(open - waiting, true);
    const all = async (): Promise<boolean> => (await tasksIn(url)) >= open;
    await waitFor(`${open} open tasks`, all, { timeoutMs: ENTER_MS, everyMs: 500 });
  });
  const settling = await cpuMsPerTask({ scheduler: [pid] }, tasks, () => measureRate(stage, tasks));
  return {
    open,
    enterMs: entering.cpuMs["scheduler"]!,
    settleMs: settling.cpuMs["scheduler"]!,
    rssMiB: await residentMiB(pid),
  };
}

/** Stops the scheduler as a power cut does. @returns seconds until the next one is ready, and its size once it is at rest */
export async function measureRestart(
  stage: Stage,
  pool: Service,
): Promise<{ readonly restartSeconds: number; readonly rssMiB: number }> {
  process.kill(pool.child.pid, "SIGKILL");
  await pool.child.exited;
  const startedAt = performance.now();
  const next = await stage.startScheduler();
  const restartSeconds = (performance.now() - startedAt) / 1_000;
  await sleep(REST_MS);
  return { restartSeconds, rssMiB: await residentMiB(next.child.pid) };
}

async function tasksIn(url: string): Promise<number> {
  const answer = await fetch(new URL("/pool", url));
  const { tasks } = (await answer.json()) as { readonly tasks: Readonly<Record<string, number>> };
  return (tasks["open"] ?? 0) + (tasks["planned"] ?? 0);
}
