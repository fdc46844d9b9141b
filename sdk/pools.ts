import type { PoolState } from "../chain/reader.ts";
import { packResources } from "../protocol/capabilities.ts";
import type { Resources } from "../protocol/capabilities.ts";
import type { BookOrder, PoolAsset } from "../protocol/market-api.ts";
import { BadInputError } from "../protocol/errors.ts";
import type {
  PoolApp,
  PoolApps,
  PoolEpochs,
  PoolInfo,
  PoolQuarantine,
  PoolTasks,
  PoolWorkers,
  QuarantinedEvent,
} from "../protocol/pool-api.ts";
import { AssetUnknownError } from "../protocol/order-errors.ts";
import type { Address } from "../protocol/primitives.ts";

import { askTerms, signAndPost } from "./ask-terms.ts";
import type { AskOptions } from "./ask-terms.ts";
import { PoolUnreachableError } from "./errors.ts";
import type { GatewayClient, TaskFilter } from "./gateway-client.ts";
import { accountOf, eventOf, once, send } from "./grid-context.ts";
import type { GridContext } from "./grid-context.ts";
import { gatewayAt } from "./known-deal.ts";
import { allPages } from "./pages.ts";

/** All that a worker or requester relies on; see `PoolOrder`. Shares in basis points of the pool price, grace in seconds. */
type PoolOffer = AskOptions & {
  readonly pool: bigint;
  readonly category: number;
  readonly capabilities: Resources;
  /** Default 127, the highest trust that makes sense against a few workers. */
  readonly maxTrust?: number;
  /** Default 0. Each lane settles by itself. */
  readonly lane?: number;
  /** Default 3,000 (30 %). */
  readonly workerStake?: number;
  /** Default 500 (5 %). */
  readonly schedulerShare?: number;
  /** Default 60. */
  readonly grace?: number;
  readonly onlyApp?: bigint;
  readonly onlyDataset?: bigint;
};

/** Pools: registered on chain, run by an operator, offered by orders of their owner. */
export interface Pools {
  /** Registers a pool; its operator and endpoint may change later. Costs gas. */
  create(pool: { readonly operator: Address; readonly endpoint: string }, signal?: AbortSignal): Promise<PoolState>;
  /**
   * Signs an offer and posts it. Each matched task locks 30 % of the price from the owner's escrow.
   * @throws BadInputError when the pool runs and does not drive that lane
   */
  offer(offer: PoolOffer): Promise<BookOrder<"pool">>;
  /** As the chain has it. @throws AssetUnknownError */
  get(id: bigint): Promise<PoolState>;
  list(): Promise<readonly PoolAsset[]>;
  /** What its gateway says of its workers and tasks. @throws PoolUnreachableError | AssetUnknownError */
  live(id: bigint): Promise<PoolInfo>;
  /** Its connected workers, and how they do. @throws PoolUnreachableError | AssetUnknownError */
  workers(id: bigint): Promise<PoolWorkers>;
  /** Some of its tasks. @throws PoolUnreachableError | AssetUnknownError */
  tasks(id: bigint, which?: TaskFilter): Promise<PoolTasks>;
  /** The last epoch of each of its lanes. @throws PoolUnreachableError | AssetUnknownError */
  epochs(id: bigint): Promise<PoolEpochs>;
  /**
   * Lets it take nothing new and finish what was begun, until it is told otherwise: deals are given back while their grace
   * lasts, and tasks that no worker has begun wait. Its operator and its owner may.
   * @throws PoolUnreachableError | AssetUnknownError, RemoteError GM_NOT_ALLOWED
   */
  drain(id: bigint, draining: boolean): Promise<{ readonly draining: boolean }>;
  /** What it could not take in from the chain. Its operator and its owner may ask. @throws like `drain` */
  quarantine(id: bigint): Promise<PoolQuarantine>;
  /** Hands an event in quarantine back to its queue, where it is taken in once. @throws like `drain`; GM_NOT_FOUND */
  retryEvent(id: bigint, entry: string): Promise<QuarantinedEvent>;
  /** Forgets an event in quarantine for good. @throws like `retryEvent` */
  dropEvent(id: bigint, entry: string): Promise<QuarantinedEvent>;
  /** What it thinks of the apps that it has seen. Its operator and its owner may ask. @throws like `drain` */
  apps(id: bigint): Promise<PoolApps>;
  /** Vouches for an app, by the sha256 of its image: its tasks are compared and refused no more. @throws like `drain`; GM_NOT_FOUND */
  allowApp(id: bigint, digest: string): Promise<PoolApp>;
  /** Forgets what it thinks of an app. @throws like `allowApp` */
  forgetApp(id: bigint, digest: string): Promise<PoolApp>;
}

export function createPools(context: GridContext): Pools {
  const { calls, market, reader } = context;
  const get: Pools["get"] = async (id) => {
    const pool = await reader.poolOf(id);
    if (pool) return pool;
    throw new AssetUnknownError(`There is no pool ${id} on this network`, { hint: "See gridmill order list pool" });
  };
  const gateway = async (id: bigint): Promise<GatewayClient> => gatewayAt(context, (await get(id)).endpoint);
  return {
    async create({ operator, endpoint }, signal) {
      const receipt = await send(context, once("register-pool"), calls.registerPool(operator, endpoint), signal);
      const { id } = eventOf(context, receipt, "PoolRegistered");
      return { id, owner: accountOf(context).address, operator, endpoint };
    },
    async offer(offer) {
      if (offer.lane) await requireLane(context, await get(offer.pool), offer.lane);
      return await signAndPost(context, "pool", { ...poolTerms(offer), ...(await askTerms(context, offer)) });
    },
    get,
    list: () => allPages((cursor) => market.pools(cursor)),
    live: async (id) => await (await gateway(id)).pool(),
    workers: async (id) => await (await gateway(id)).workers(),
    tasks: async (id, which = {}) => await (await gateway(id)).tasks(which),
    epochs: async (id) => await (await gateway(id)).epochs(),
    quarantine: async (id) => await (await gateway(id)).quarantine(),
    retryEvent: async (id, entry) => await (await gateway(id)).retryEvent(entry),
    dropEvent: async (id, entry) => await (await gateway(id)).dropEvent(entry),
    apps: async (id) => await (await gateway(id)).apps(),
    allowApp: async (id, digest) => await (await gateway(id)).allowApp(digest),
    forgetApp: async (id, digest) => await (await gateway(id)).forgetApp(digest),
    drain: async (id, draining) => await (await gateway(id)).drain(draining),
  };
}

/** A pool that does not run yet may be started with as many lanes as it takes. */
async function requireLane(context: GridContext, { id, endpoint }: PoolState, lane: number): Promise<void> {
  const live = await gatewayAt(context, endpoint)
    .pool()
    .catch((error: unknown) => {
      if (error instanceof PoolUnreachableError) return undefined;
      throw error;
    });
  if (live === undefined || lane < live.lanes) return;
  throw new BadInputError(`Pool ${id} settles nothing in lane ${lane}: it drives ${live.lanes}, counted from 0`, {
    hint: "Start it with more: gridmill pool start --lanes N",
  });
}

function poolTerms(offer: PoolOffer) {
  const { pool, category, capabilities, maxTrust = 127, lane = 0, workerStake = 3_000 } = offer;
  const { schedulerShare = 500, grace = 60, onlyApp = 0n, onlyDataset = 0n } = offer;
  return {
    ...{ pool, category, maxTrust, lane, workerStake, schedulerShare, grace, onlyApp, onlyDataset },
    capabilities: packResources(capabilities),
  };
}
