import { join } from "node:path";

import { loadConfig } from "../../cli/config.ts";
import { homePaths } from "../../cli/home.ts";
import { readPlan } from "../../cli/local/local-plan.ts";
import { readLocalState, recordRunning } from "../../cli/local/local-state.ts";
import type { Running } from "../../cli/local/local-state.ts";
import { localPaths } from "../../cli/local/paths.ts";
import { identify } from "../../chain/node/process-id.ts";
import { serviceNamed, startRecorded } from "../../cli/local/service.ts";
import { startAnvil } from "../../cli/parts/anvil.ts";
import type { Part } from "../../cli/parts/part.ts";
import { startRedis } from "../../cli/parts/redis.ts";
import type { Hash } from "../../protocol/primitives.ts";

import { MISBEHAVE } from "./e2e-bad-market.ts";
import type { BadMarket } from "./e2e-bad-market.ts";
import { BY_COMMAND } from "./e2e-case.ts";
import type { Row } from "./e2e-case.ts";
import { wordOf } from "./e2e-bad-runs.ts";
import { endOf } from "./e2e-ended.ts";
import type { Ended } from "./e2e-ended.ts";
import type { LocalMarket } from "./local-market.ts";
import { rpc } from "./rpc.ts";
import { tempDir } from "./temp-dir.ts";
import { waitFor } from "./wait-for.ts";

/** One part that goes away in the middle of a run, what whoever looks is told, and how it comes back. */
export type Outage = Row & {
  readonly take: (market: BadMarket) => Promise<unknown>;
  readonly told: (market: BadMarket, task: Watched) => Promise<Ended>;
  readonly bringBack: (market: BadMarket) => Promise<unknown>;
};

/** The run that goes on through all of it. */
export type Watched = { readonly dealId: Hash; readonly taskId: Hash };

/** Long enough for everything to go and come back once the containers run. */
const TASK_SECONDS = 20;

/** Starts the run, and returns once its only task is at work on all three workers. */
export async function startLongRun(market: BadMarket): Promise<{ task: Watched; ended: Promise<Ended> }> {
  const { grid, address } = market.requester;
  const known = new Set((await grid.deals.list({ requester: address })).map(({ dealId }) => dealId));
  const ended = runForLong(market);
  const isNew = async (): Promise<Hash | undefined> =>
    (await grid.deals.list({ requester: address })).find(({ dealId }) => !known.has(dealId))?.dealId;
  const dealId = await waitFor("the deal", isNew, { timeoutMs: 30_000 });
  const isAtWork = async (): Promise<Watched | false> => {
    const [task] = (await grid.deals.show(dealId)).tasks;
    return task!.votes.filter(({ stage }) => stage === "running").length === 3 && { dealId, taskId: task!.taskId };
  };
  return { task: await waitFor("all workers to be at work", isAtWork, { timeoutMs: 30_000 }), ended };
}

async function runForLong({ local }: BadMarket): Promise<Ended> {
  await using dir = await tempDir();
  const args = [
    "run",
    "--yes",
    "--trust",
    "5",
    "--out",
    join(dir.path, "out"),
    MISBEHAVE,
    "--",
    "slow",
    `${TASK_SECONDS}`,
  ];
  return await endOf(local, args, {}, 280_000);
}

const words =
  (expected: string) =>
  (market: BadMarket, { dealId }: Watched) =>
    wordOf(market, dealId, expected, 90_000);

/** What somebody reads who asks for the task meanwhile. */
const shown = ({ local }: BadMarket, { taskId }: Watched): Promise<Ended> => endOf(local, ["task", "show", taskId]);

/** In this order: what stops the containers goes first, what the vote needs in the end goes last. */
export const OUTAGES: readonly Outage[] = [
  {
    name: "Docker goes away while a task runs",
    take: ({ engine }) => engine.close(),
    told: words("takes no leases now"),
    bringBack: ({ engine }) => engine.open(),
    ends: { task: "takes no leases now" },
    within: 10,
  },
  {
    name: "the market goes away in the middle of a run",
    take: ({ local }) => local.kill("market"),
    told: ({ local }) => endOf(local, ["app", "list"]),
    bringBack: ({ local }) => resume(local, "market"),
    ends: { exit: 4, code: "GM_MARKET_UNREACHABLE" },
    within: BY_COMMAND,
  },
  {
    name: "Redis goes away in the middle of a run",
    take: ({ local }) => local.kill("redis"),
    told: words("its Redis does not answer"),
    bringBack: ({ local }) => restart(local, "redis", startRedis),
    ends: { task: "its Redis does not answer" },
    within: 5,
  },
  {
    name: "the chain goes away in the middle of a run",
    take: ({ local }) => local.kill("anvil", "SIGTERM"),
    told: shown,
    bringBack: ({ local }) => restart(local, "anvil", startAnvil),
    ends: { exit: 4, code: "GM_CHAIN_UNREACHABLE" },
    within: BY_COMMAND,
  },
  {
    name: "the pool goes away in the middle of a run",
    take: ({ local }) => local.kill("pool"),
    told: words("did not answer"),
    bringBack: ({ local }) => resume(local, "pool"),
    ends: { task: "did not answer" },
    within: 5,
  },
  {
    name: "the operator has no gas money left",
    take: ({ local }) => setGas(local, "0x0"),
    told: words("cannot pay for the gas"),
    bringBack: ({ local }) => setGas(local, "0x8ac7230489e80000"),
    ends: { task: "cannot pay for the gas" },
    // Nobody needs gas before the task has run and its votes are collected.
    within: TASK_SECONDS + 40,
  },
];

async function setGas({ chainUrl, accounts }: LocalMarket, wei: string): Promise<void> {
  await rpc(chainUrl, "anvil_setBalance", [accounts["pool-operator"], wei]);
}

/** A service of Gridmill's own, on its data folder. */
async function resume({ home }: LocalMarket, name: string): Promise<void> {
  const paths = localPaths(homePaths(home).local);
  const plan = await readPlan(paths.plan);
  await startRecorded(serviceNamed(plan!, name), loadConfig(), paths.state);
}

/** A part below the services, on its port and its data; `up` stops it with the rest. */
async function restart(
  { home }: LocalMarket,
  name: string,
  start: (options: { port: number; dataDir: string }) => Promise<Part>,
): Promise<void> {
  const file = localPaths(homePaths(home).local).state;
  const before = (await readLocalState(file))!.children.find((child) => child.name === name)!;
  const { pid } = await start({ port: Number(new URL(before.url).port), dataDir: before.dataDir });
  const after: Running = { ...before, ...(await identify(pid!))!, logFile: join(before.dataDir, `${name}.log`) };
  await recordRunning(file, after);
}
