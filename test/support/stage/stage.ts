import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { toJson } from "../../../protocol/json.ts";
import { paramsHashOf } from "../../../protocol/params.ts";
import type { Address } from "../../../protocol/primitives.ts";
import { startGrid } from "../chain/grid.ts";
import type { TestGrid } from "../chain/grid.ts";
import { serveParams } from "../params-server.ts";
import { tempDir } from "../temp-dir.ts";
import { waitFor } from "../wait-for.ts";

import { startLastingRedis } from "./lasting-redis.ts";
import type { LastingRedis } from "./lasting-redis.ts";
import { startService } from "./service.ts";
import type { Service, ServiceSpec } from "./service.ts";
import { accountOf, FIRST_WORKER, found, openStageDeal, OPERATOR } from "./stage-deals.ts";
import type { StageDeal, StageImage } from "./stage-deals.ts";

const CONNECT_MS = 120_000;
const SCHEDULER = "scheduler/main.ts";

/** What a service of the stage is told otherwise; `env` is added to its own. */
export type ServiceChanges = Partial<Pick<ServiceSpec, "program" | "flags" | "args" | "env">>;

/** A chain, a Redis, a scheduler and its workers, each a process of its own; the workers run no containers. */
export interface Stage extends AsyncDisposable {
  readonly grid: TestGrid;
  readonly redis: LastingRedis;
  /** Processes that are not ours. */
  readonly pids: { readonly redis: readonly number[]; readonly chain: readonly number[] };
  readonly folder: string;
  startScheduler(changes?: ServiceChanges): Promise<Service>;
  /** @param pool where it finds its pool */
  startWorker(pool: Pick<Service, "url">, index: number, changes?: ServiceChanges): Promise<Service>;
  /** The first so many workers, once all of them are connected. */
  startWorkers(pool: Service, count: number): Promise<readonly Service[]>;
  /** The account of a worker. */
  addressOf(worker: number): Address;
  /** @param waits whether it asks for what no worker offers */
  openDeal(volume: number, waits?: boolean): Promise<StageDeal>;
}

/** What is put on it. */
type StageOptions = {
  /** How many workers there can be. */
  readonly workers: number;
  /** The pace of the chain. */
  readonly blockSeconds: number;
  /** What the tasks run. */
  readonly image: StageImage;
  readonly args: readonly string[];
  /** What each worker is, and its variables beside those of every worker. */
  readonly worker: { readonly program: string; readonly env: Readonly<Record<string, string>> };
};

export async function openStage({ workers, blockSeconds, image, args, worker }: StageOptions): Promise<Stage> {
  const paramsText = toJson({ version: 1, args });
  await using owned = new AsyncDisposableStack();
  const [grid, redis, params] = await Promise.all([startGrid(), startLastingRedis(), serveParams(paramsText)]);
  for (const part of [grid, redis, params]) owned.use(part);
  const { path: folder } = owned.use(await tempDir());
  await found(grid, workers, image);
  const env = await commonEnv(grid, folder);
  await grid.automine(false);
  await grid.provider.send("evm_setIntervalMining", [blockSeconds]);
  const poolEnv = { ...env, ...schedulerEnv(grid), REDIS_URL: redis.url, GRIDMILL_MARKET_URL: params.url };
  const services = owned.use(new AsyncDisposableStack());
  const start = async (spec: Omit<ServiceSpec, "folder">): Promise<Service> => {
    const service = await startService({ ...spec, folder });
    services.use(service.child);
    return service;
  };
  let [deals, starts] = [0, 0];
  const startWorker: Stage["startWorker"] = ({ url }, index, { env: changes, ...rest } = {}) => {
    const own = {
      ...workerEnv(grid, index),
      ...worker.env,
      GRIDMILL_POOL_URL: url,
      GRIDMILL_DATA: join(folder, `${index}`),
    };
    return start({
      name: `worker-${index}-${++starts}`,
      program: worker.program,
      ...rest,
      env: { ...env, ...own, ...changes },
    });
  };
  const parts = owned.move();
  return {
    grid,
    redis,
    pids: { redis: [redis.pid], chain: [grid.pid!] },
    folder,
    startWorker,
    startScheduler: ({ env: changes, ...rest } = {}) => {
      const own = { ...poolEnv, GRIDMILL_DATA: join(folder, "pool") };
      return start({ name: `scheduler-${++starts}`, program: SCHEDULER, ...rest, env: { ...own, ...changes } });
    },
    startWorkers: async (pool, count) => {
      const all = await Promise.all(Array.from({ length: count }, (_unused, index) => startWorker(pool, index)));
      const areConnected = async (): Promise<boolean> => (await connectedTo(pool)) === count;
      await waitFor("all workers to be connected", areConnected, { timeoutMs: CONNECT_MS });
      return all;
    },
    addressOf: (worker) => accountOf(grid, FIRST_WORKER + worker),
    openDeal: (volume, waits = false) =>
      openStageDeal(grid, { volume, waits, nonce: BigInt(++deals), paramsHash: paramsHashOf(paramsText) }),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

async function commonEnv(grid: TestGrid, folder: string): Promise<Readonly<Record<string, string>>> {
  const deploymentFile = join(folder, "deployment.json");
  await writeFile(deploymentFile, toJson(grid.deployment));
  return {
    GRIDMILL_RPC_URLS: grid.url,
    GRIDMILL_DEPLOYMENT: deploymentFile,
    GRIDMILL_CONFIRMATIONS: "0",
    GRIDMILL_POOL: "1",
    GRIDMILL_PORT: "0",
    GRIDMILL_LOG_LEVEL: "info",
  };
}

function schedulerEnv(grid: TestGrid): Readonly<Record<string, string>> {
  return {
    GRIDMILL_KEY: grid.wallet(OPERATOR).privateKey,
    GRIDMILL_EPOCH_SECONDS: "1",
    GRIDMILL_REPLICATE_PERCENT: "0",
    GRIDMILL_SAME_MACHINE_VOTES: "true",
  };
}

function workerEnv(grid: TestGrid, index: number): Readonly<Record<string, string>> {
  return { GRIDMILL_KEY: grid.wallet(FIRST_WORKER + index).privateKey, GRIDMILL_BENCHMARK: "1000" };
}

/** How many workers a pool says that it has. */
export async function connectedTo({ url }: Pick<Service, "url">): Promise<number> {
  const { workers } = (await (await fetch(new URL("/pool", url))).json()) as { readonly workers: readonly unknown[] };
  return workers.length;
}
