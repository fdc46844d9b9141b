import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { parseEther, toQuantity } from "ethers";

import { toJson } from "../../protocol/json.ts";
import type { AppOrder, PoolOrder, RequestOrder } from "../../protocol/orders.ts";
import { paramsHashOf } from "../../protocol/params.ts";
import { UNLIMITED, ZERO_ADDRESS, ZERO_HASH } from "../../protocol/primitives.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import { startGrid } from "../../test/support/chain/grid.ts";
import type { TestGrid } from "../../test/support/chain/grid.ts";
import { serveParams } from "../../test/support/params-server.ts";
import { testRedis } from "../../test/support/parts.ts";
import { signedMatch } from "../../test/support/signed-match.ts";
import { tempDir } from "../../test/support/temp-dir.ts";
import { waitFor } from "../../test/support/wait-for.ts";
import { startService } from "./service.ts";
import type { Service, ServiceSpec } from "./service.ts";

/** Anvil's accounts: all MILL, who owns app and pool and asks, the operator; workers from there on. */
const [HOLDER, OWNER, OPERATOR, FIRST_WORKER] = [0, 1, 2, 3];
const MILL = parseEther("1");
const CONNECT_MS = 120_000;
/** Two newcomers decide. */
const TRUST = 3;

/** What a bench puts on it. */
type StageOptions = {
  /** How many workers there can be. */
  readonly workers: number;
  /** The pace of the chain. */
  readonly blockSeconds: number;
  /** What the tasks run. */
  readonly image: { readonly reference: string; readonly digest: Hash };
  readonly args: readonly string[];
  /** What each worker is, and its variables beside those of every worker. */
  readonly worker: { readonly program: string; readonly env: Readonly<Record<string, string>> };
};

/** A chain, a Redis, a scheduler and its workers, each a process of its own. */
export interface Stage extends AsyncDisposable {
  readonly grid: TestGrid;
  readonly redisUrl: string;
  /** Processes that are not ours. */
  readonly pids: { readonly redis: readonly number[]; readonly chain: readonly number[] };
  readonly folder: string;
  /** Starts the scheduler. @param flags of Node itself */
  startScheduler(flags?: readonly string[]): Promise<Service>;
  startWorkers(pool: Service, count: number): Promise<readonly Service[]>;
  /** Opens a deal of this many tasks. @returns its block, and when that was there, in Unix ms of this machine */
  openDeal(volume: number): Promise<{ readonly block: number; readonly openedAt: number }>;
}

const addressOf = (grid: TestGrid, index: number): Address => grid.wallet(index).address.toLowerCase() as Address;

export async function openStage({ workers, blockSeconds, image, args, worker }: StageOptions): Promise<Stage> {
  const paramsText = toJson({ version: 1, args });
  await using owned = new AsyncDisposableStack();
  const [grid, redis, params] = await Promise.all([startGrid(), testRedis(), serveParams(paramsText)]);
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
  const parts = owned.move();
  let [deals, starts] = [0, 0];
  return {
    grid,
    redisUrl: redis.url,
    pids: { redis: [redis.pid!], chain: [grid.pid!] },
    folder,
    startScheduler: (flags = []) =>
      start({
        ...{ name: `scheduler-${++starts}`, program: "scheduler/main.ts", flags },
        env: { ...poolEnv, GRIDMILL_DATA: join(folder, "pool") },
      }),
    startWorkers: async ({ url }, count) => {
      const workerOf = (index: number): Promise<Service> =>
        start({
          ...{ name: `worker-${index}`, program: worker.program },
          env: {
            ...env,
            ...workerEnv(grid, index),
            ...worker.env,
            GRIDMILL_POOL_URL: url,
            GRIDMILL_DATA: join(folder, `${index}`),
          },
        });
      const all = await Promise.all(Array.from({ length: count }, (_unused, index) => workerOf(index)));
      const areConnected = async (): Promise<boolean> => (await connectedTo(url)) === count;
      await waitFor("all workers to be connected", areConnected, { timeoutMs: CONNECT_MS });
      return all;
    },
    openDeal: (volume) => openDeal(grid, volume, BigInt(++deals), paramsHashOf(paramsText)),
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

async function connectedTo(url: string): Promise<number> {
  const { workers } = (await (await fetch(new URL("/pool", url))).json()) as { readonly workers: readonly unknown[] };
  return workers.length;
}

/** An app, the pool, money for who asks and stakes, and a bond for every worker. */
async function found(grid: TestGrid, workers: number, { reference, digest }: StageOptions["image"]): Promise<void> {
  const { calls, provider } = grid;
  await using holder = grid.sender(HOLDER);
  await using owner = grid.sender(OWNER);
  await owner.send("app", calls.registerApp(reference, digest));
  await owner.send("pool", calls.registerPool(addressOf(grid, OPERATOR), "http://pool.example"));
  await holder.send("allow", calls.allowDeposit(1_000_000_000n * MILL));
  await holder.send("fund", calls.depositFor(addressOf(grid, OWNER), 100_000_000n * MILL));
  for (let index = FIRST_WORKER; index < FIRST_WORKER + workers; index++) {
    const address = addressOf(grid, index);
    await provider.send("anvil_setBalance", [address, toQuantity(parseEther("100"))]);
    await holder.send(`fund ${index}`, calls.depositFor(address, 100_000n * MILL));
    await using worker = grid.sender(index);
    await worker.send("bond", calls.bond(100_000n * MILL));
  }
}

async function openDeal(
  grid: TestGrid,
  volume: number,
  nonce: bigint,
  paramsHash: Hash,
): ReturnType<Stage["openDeal"]> {
  const owner = addressOf(grid, OWNER);
  const expiry = (await grid.reader.now()) + 3_600;
  const ask = { price: MILL, expiry, counter: 0n, salt: ZERO_HASH, onlyRequester: ZERO_ADDRESS, volume: UNLIMITED };
  const app: AppOrder = { app: 1n, ...ask, onlyDataset: 0n, onlyPool: 0n };
  const terms = { category: 0, maxTrust: 10, capabilities: ZERO_HASH, lane: 0, workerStake: 3_000, grace: 0 };
  const pool: PoolOrder = { pool: 1n, ...ask, ...terms, schedulerShare: 500, onlyApp: 0n, onlyDataset: 0n };
  const parties = { requester: owner, payer: owner, beneficiary: owner, callback: ZERO_ADDRESS };
  const prices = { maxAppPrice: MILL, maxDatasetPrice: 0n, maxPoolPrice: MILL };
  const wants = { trust: TRUST, maxWeight: 2, category: 0, requirements: ZERO_HASH, paramsHash };
  const request: RequestOrder = {
    app: 1n,
    dataset: 0n,
    pool: 1n,
    ...prices,
    ...parties,
    ...wants,
    volume,
    nonce,
    expiry,
  };
  const match = await signedMatch(grid, { app, pool, request }, { owner: OWNER, requester: OWNER });
  await using sender = grid.sender(HOLDER);
  const { blockNumber } = await sender.send(`match ${nonce}`, match);
  return { block: blockNumber, openedAt: Date.now() };
}
