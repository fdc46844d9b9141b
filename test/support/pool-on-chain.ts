import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { id as hashOf } from "ethers";
import { pino } from "pino";

import { createEventDecoder, findEvent } from "../../chain/events.ts";
import type { Deal } from "../../protocol/deal.ts";
import { toJson } from "../../protocol/json.ts";
import type { AppOrder, PoolOrder, RequestOrder } from "../../protocol/orders.ts";
import { UNLIMITED, ZERO_ADDRESS, ZERO_HASH } from "../../protocol/primitives.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import { loadConfig } from "../../scheduler/config.ts";
import { startScheduler } from "../../scheduler/start-scheduler.ts";
import type { SchedulerPorts } from "../../scheduler/start-scheduler.ts";
import { startGrid } from "./chain/grid.ts";
import type { TestGrid } from "./chain/grid.ts";
import { serveParams } from "./params-server.ts";
import { testRedis } from "./parts.ts";
import { signedMatch } from "./signed-match.ts";
import { tempDir } from "./temp-dir.ts";

/** A line of a scheduler's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

export type RunningPool = AsyncDisposable & { readonly url: string; readonly log: readonly LogLine[] };

/** A pool without workers, whose market has nobody's params, on a chain and a Redis of its own. */
export interface PoolOnChain extends AsyncDisposable {
  readonly grid: TestGrid;
  readonly redisUrl: string;
  /** Its scheduler, with the operator's key; may be started several times, also side by side. */
  start(env?: Readonly<Record<string, string>>, ports?: Partial<SchedulerPorts>): Promise<RunningPool>;
  /** Opens a deal that the pool cannot work on, and gives back within `grace` seconds. */
  open(grace?: number): Promise<{ readonly dealId: Hash; readonly deal: Deal }>;
  /** What a scheduler reads from its environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** Accounts of Anvil. */
const [HOLDER, OWNER] = [0, 1];
export const REQUESTER = 2;
export const OPERATOR = 3;
const DIGEST = hashOf("an image") as Hash;

export async function startPoolOnChain(): Promise<PoolOnChain> {
  await using owned = new AsyncDisposableStack();
  const [grid, redis] = await Promise.all([startGrid(), testRedis()]);
  owned.use(grid);
  owned.use(redis);
  const folder = owned.use(await tempDir());
  const market = await serveParams();
  owned.use(market);
  await found(grid);
  const deploymentFile = join(folder.path, "deployment.json");
  await writeFile(deploymentFile, toJson(grid.deployment));
  const env = {
    REDIS_URL: redis.url,
    GRIDMILL_RPC_URLS: grid.url,
    GRIDMILL_DEPLOYMENT: deploymentFile,
    GRIDMILL_CONFIRMATIONS: "1",
    GRIDMILL_POOL: "1",
    GRIDMILL_MARKET_URL: market.url,
    GRIDMILL_DATA: join(folder.path, "pool"),
    GRIDMILL_PORT: "0",
    GRIDMILL_KEY: grid.wallet(OPERATOR).privateKey,
  };
  let deals = 0;
  const parts = owned.move();
  return {
    grid,
    redisUrl: redis.url,
    env,
    start: async (changes = {}, ports = {}) => {
      const log: LogLine[] = [];
      const logger = pino({ level: "debug" }, { write: (line: string) => void log.push(JSON.parse(line) as LogLine) });
      const { url, stop } = await startScheduler(loadConfig({ ...env, ...changes }), logger, ports);
      return { url, log, [Symbol.asyncDispose]: stop };
    },
    open: (grace = 3_000) => openDeal(grid, grace, BigInt(++deals)),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

const addressOf = (grid: TestGrid, index: number): Address => grid.wallet(index).address.toLowerCase() as Address;

/** An app, the pool, and money for requester and owner. */
async function found(grid: TestGrid): Promise<void> {
  const { calls } = grid;
  await using holder = grid.sender(HOLDER);
  await using owner = grid.sender(OWNER);
  await owner.send("app", calls.registerApp("registry.example/app", DIGEST));
  await owner.send("pool", calls.registerPool(addressOf(grid, OPERATOR), "http://pool.example"));
  await holder.send("allow", calls.allowDeposit(1_000_000n));
  await holder.send("fund", calls.depositFor(addressOf(grid, REQUESTER), 500_000n));
  await holder.send("stake", calls.depositFor(addressOf(grid, OWNER), 500_000n));
}

async function openDeal(grid: TestGrid, grace: number, nonce: bigint): ReturnType<PoolOnChain["open"]> {
  const { reader } = grid;
  const [owner, requester] = [addressOf(grid, OWNER), addressOf(grid, REQUESTER)];
  const expiry = (await reader.now()) + 3_600;
  const salt = hashOf(`order ${nonce}`) as Hash;
  const ask = { price: 100n, expiry, counter: 0n, salt, onlyRequester: ZERO_ADDRESS };
  const app: AppOrder = { app: 1n, ...ask, volume: UNLIMITED, onlyDataset: 0n, onlyPool: 0n };
  const terms = { category: 4, maxTrust: 10, capabilities: ZERO_HASH, lane: 0, workerStake: 100, grace };
  const limits = { schedulerShare: 1_000, volume: UNLIMITED, onlyApp: 0n, onlyDataset: 0n };
  const pool: PoolOrder = { pool: 1n, ...ask, ...terms, ...limits };
  const parties = { requester, payer: requester, beneficiary: requester, callback: ZERO_ADDRESS };
  const prices = { maxAppPrice: 100n, maxDatasetPrice: 0n, maxPoolPrice: 100n };
  const wants = { trust: 2, maxWeight: 16, category: 4, requirements: ZERO_HASH, paramsHash: DIGEST, volume: 1 };
  const request: RequestOrder = { app: 1n, dataset: 0n, pool: 1n, ...prices, ...parties, ...wants, nonce, expiry };
  const match = await signedMatch(grid, { app, pool, request }, { owner: OWNER, requester: REQUESTER });
  await using sender = grid.sender(HOLDER);
  const { logs } = await sender.send(`match ${owner} ${nonce}`, match);
  return findEvent(createEventDecoder(reader.deployment), logs, "DealOpened")!;
}
