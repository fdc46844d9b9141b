import { freePort } from "../../../cli/parts/free-port.ts";
import type { Hash } from "../../../protocol/primitives.ts";
import { createEpochStore } from "../../../scheduler/store/epoch-store.ts";
import { connectRedis, keysOf } from "../../../scheduler/store/redis.ts";
import { readBooks } from "../books.ts";
import type { Books } from "../books.ts";
import { startFaultyNode } from "../chain/faulty-node.ts";
import type { FaultyNode } from "../chain/faulty-node.ts";
import { openProxy } from "../socket-proxy.ts";
import type { SocketProxy } from "../socket-proxy.ts";
import type { LastingRedis } from "../stage/lasting-redis.ts";
import type { Service } from "../stage/service.ts";
import { INSTANT_CROWD } from "../stage/instant-crowd.ts";
import { openStage } from "../stage/stage.ts";
import type { ServiceChanges, Stage } from "../stage/stage.ts";
import { waitFor } from "../wait-for.ts";

import { expectNothingLost } from "./nothing-lost.ts";

/** Everything between the processes of a market, each with somebody in the way. */
export type Net = {
  readonly redis: LastingRedis;
  readonly wayToRedis: SocketProxy;
  /** Sockets and HTTP of workers. */
  readonly wayToPool: SocketProxy;
  readonly nodeOfPool: FaultyNode;
  readonly nodeOfWorkers: FaultyNode;
};

/** Where a deal or its epoch stands when something happens to it. */
export const PHASES = ["opened", "balloting", "sealing", "opening", "settling"] as const;
export type Phase = (typeof PHASES)[number];

/** A market of real processes that run no containers, in which deals are asked for while things go wrong. */
export interface ChaosStage extends AsyncDisposable {
  readonly stage: Stage;
  readonly net: Net;
  /** The running scheduler. */
  readonly pool: Service;
  /** Another scheduler takes the place of this one. */
  replacePool(changes?: ServiceChanges): Promise<void>;
  /** Another scheduler of the same pool beside this one, at a door of its own. */
  joinPool(changes?: ServiceChanges): Promise<Service>;
  /** @param worker one that has no process yet */
  startWorker(worker: number, changes?: ServiceChanges): Promise<Service>;
  /** Asks for one more deal. */
  openDeal(): Promise<Hash>;
  /** Keeps deals on their way until `condition` holds. */
  feedUntil(what: string, condition: () => boolean | Promise<boolean>, timeoutMs?: number): Promise<void>;
  /** Whether a deal is at this point just now. */
  isAt(phase: Phase | "settled"): Promise<boolean>;
  /** How many deals are open. */
  openDeals(): Promise<number>;
  /**
   * Waits until all deals are over. Whenever nothing has moved for some looks, because a lane or a kept vote waits for the
   * chain's clock, that goes forward by so many seconds; 0: it never does.
   */
  passTimeUntilOver(seconds: number): Promise<void>;
  /**
   * One more deal is asked for; within the time pool and workers answer, and all deals are over. Then the books: every task
   * settled or refunded once, every token accounted for.
   * @returns the seconds that it took
   */
  expectWell(withinSeconds: number): Promise<number>;
  books(): Promise<Books>;
}

/** Deals of some tasks, so that each needs several workers at a time. */
const VOLUME = 3;
const LOOK_MS = 20;
const FEED_MS = 60_000;
const OVER_MS = 120_000;
/** Nothing moves when an epoch stands as it stood so many seconds before. */
const STILL_LOOKS = 12;
/** A pool that gives workers up sooner than it would, for tests of workers that never come back. */
export const HURRY = { GRIDMILL_BALLOT_SECONDS: "5", GRIDMILL_OPEN_SECONDS: "8" };

/** @param honest workers that run at once; @param spare accounts for others; @param told what every scheduler is told, @param toldWorkers what the honest workers are */
export async function openChaosStage(
  honest: number,
  spare = 0,
  told: NonNullable<ServiceChanges["env"]> = {},
  toldWorkers: NonNullable<ServiceChanges["env"]> = {},
): Promise<ChaosStage> {
  await using owned = new AsyncDisposableStack();
  const stage = owned.use(await openStage({ ...INSTANT_CROWD, workers: honest + spare, blockSeconds: 1 }));
  const { grid, redis } = stage;
  const nodeOfPool = owned.use(await startFaultyNode(grid.url));
  const nodeOfWorkers = owned.use(await startFaultyNode(grid.url));
  const wayToRedis = owned.use(await proxyTo(redis.url));
  const poolPort = `${await freePort()}`;
  const wayToPool = owned.use(await proxyTo(`http://127.0.0.1:${poolPort}`));
  const poolEnv = {
    REDIS_URL: `redis://${hostOf(wayToRedis)}`,
    GRIDMILL_RPC_URLS: nodeOfPool.url,
    GRIDMILL_PORT: poolPort,
  };
  const startPool = ({ env, ...rest }: ServiceChanges = {}): Promise<Service> =>
    stage.startScheduler({ ...rest, env: { ...poolEnv, ...told, ...env } });
  const startWorker: ChaosStage["startWorker"] = (worker, { env, ...rest } = {}) =>
    stage.startWorker({ url: `http://${hostOf(wayToPool)}` }, worker, {
      ...rest,
      env: { GRIDMILL_RPC_URLS: nodeOfWorkers.url, GRIDMILL_CONFIRMATIONS: "0", ...env },
    });
  let pool = await startPool();
  await Promise.all(Array.from({ length: honest }, (_unused, worker) => startWorker(worker, { env: toldWorkers })));

  const client = await connectRedis(redis.url, () => {});
  owned.defer(() => client.disconnect());
  const epochs = createEpochStore(client, keysOf(BigInt(grid.deployment.chainId), 1n));
  const deals: Hash[] = [];
  const books = (): Promise<Books> => readBooks(grid.url, grid.deployment);
  const openDeals = async (): Promise<number> => {
    const states = await Promise.all(deals.map((dealId) => grid.reader.dealState(dealId)));
    const open = deals.filter((_dealId, index) => states[index]!.open);
    deals.splice(0, deals.length, ...open);
    return open.length;
  };
  const openDeal = async (): Promise<Hash> => {
    const { dealId } = await stage.openDeal(VOLUME);
    deals.push(dealId);
    return dealId;
  };
  const feed = feeder(openDeals, openDeal);
  const isAt: ChaosStage["isAt"] = async (phase) =>
    phase === "opened" ? (await openDeals()) > 0 : (await epochs.current(0))?.state === phase;

  const parts = owned.move();
  return {
    stage,
    net: { redis, wayToRedis, wayToPool, nodeOfPool, nodeOfWorkers },
    get pool() {
      return pool;
    },
    replacePool: async (next) => {
      await pool.child.stop();
      pool = await startPool(next);
    },
    joinPool: ({ env, ...rest } = {}) => startPool({ ...rest, env: { GRIDMILL_PORT: "0", ...env } }),
    startWorker,
    openDeal,
    openDeals,
    isAt,
    books,
    feedUntil: (what, condition, timeoutMs = FEED_MS) => feed(what, condition, timeoutMs),
    passTimeUntilOver: async (seconds) => {
      let [last, still] = ["", 0];
      const isOver = async (): Promise<boolean> => {
        const { epoch = 0, state = "" } = (await epochs.current(0)) ?? {};
        still = last === `${epoch} ${state}` ? still + 1 : 0;
        last = `${epoch} ${state}`;
        if ((await openDeals()) === 0) return true;
        if (seconds === 0 || still < STILL_LOOKS) return false;
        still = 0;
        await grid.provider.send("evm_increaseTime", [seconds]);
        return false;
      };
      await waitFor("all deals to be over", isOver, { timeoutMs: OVER_MS, everyMs: 1_000 });
    },
    expectWell: async (withinSeconds) => {
      const began = performance.now();
      await openDeal();
      const isWell = async (): Promise<boolean> =>
        (await openDeals()) === 0 && (await answers(pool)) && (await acceptingAt(pool)) >= honest;
      await waitFor(`all deals to be over, and pool and workers to answer`, isWell, {
        timeoutMs: withinSeconds * 1_000,
      });
      expectNothingLost(await books());
      return (performance.now() - began) / 1_000;
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

const hostOf = ({ url }: SocketProxy): string => new URL(url).host;

async function proxyTo(url: string): Promise<SocketProxy> {
  return openProxy(`tcp://127.0.0.1:${await freePort()}`, `tcp://${new URL(url).host}`);
}

async function answers({ url }: Service): Promise<boolean> {
  return (await fetch(new URL("/ready", url))).ok;
}

/** How many workers of a pool are there and take leases. */
async function acceptingAt({ url }: Service): Promise<number> {
  const { workers } = (await (await fetch(new URL("/pool", url))).json()) as { workers: { accepting: boolean }[] };
  return workers.filter(({ accepting }) => accepting).length;
}

/** Opens a deal whenever none is open, and looks at the condition often: what it waits for may be over soon. */
function feeder(openDeals: () => Promise<number>, openDeal: () => Promise<Hash>) {
  return async (what: string, condition: () => boolean | Promise<boolean>, timeoutMs: number): Promise<void> => {
    let isOver = false;
    const feeding = (async () => {
      while (!isOver) {
        if ((await openDeals()) === 0) await openDeal();
        else await waitFor("a deal to be over", async () => isOver || (await openDeals()) === 0, { timeoutMs });
      }
    })();
    // Whoever waits below is told; until then it must not count as unhandled.
    feeding.catch(() => {});
    try {
      await waitFor(what, condition, { timeoutMs, everyMs: LOOK_MS });
    } finally {
      isOver = true;
      await feeding;
    }
  };
}
