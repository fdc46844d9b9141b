import { join } from "node:path";

import type { Match } from "../../chain/calls.ts";
import { homePaths } from "../../cli/home.ts";
import { findNetwork, saveNetwork } from "../../cli/networks.ts";
import { DEFAULT_DOCKER_HOST } from "../../cli/parts/docker-engine.ts";
import { MILL } from "../../protocol/amounts.ts";
import { NO_RESOURCES } from "../../protocol/capabilities.ts";
import type { RequestOrder, Signed } from "../../protocol/orders.ts";
import { paramsHashOf } from "../../protocol/params.ts";
import { ZERO_ADDRESS, ZERO_HASH } from "../../protocol/primitives.ts";
import type { Hash } from "../../protocol/primitives.ts";
import { randomHash, randomNonce } from "../../sdk/random.ts";

import { loadTestConfig } from "./config.ts";
import { openPerson } from "./e2e-person.ts";
import type { Person } from "./e2e-person.ts";
import { startLocalMarket } from "./local-market.ts";
import type { LocalMarket } from "./local-market.ts";
import { openProxy } from "./socket-proxy.ts";
import type { SocketProxy } from "./socket-proxy.ts";
import { tempDir } from "./temp-dir.ts";
import { waitFor } from "./wait-for.ts";

/** An app that does whatever its first argument says. */
export const MISBEHAVE = "test/support/apps/misbehave";
/** Where nobody listens. */
export const NOBODY = "http://127.0.0.1:9";
const PARAMS = '{"version":1,"args":["nothing"]}';
const FAR_FUTURE = 4_000_000_000;

/** A local market in which everything went well once, and in which everything may now go wrong. */
export interface BadMarket extends AsyncDisposable {
  readonly local: LocalMarket;
  readonly requester: Person;
  readonly poolOwner: Person;
  /** Has a bond and no money besides. */
  readonly stranger: Person;
  /** An app that works, offered without bounds. */
  readonly app: bigint;
  /** An app whose digest its registry does not have, offered all the same. */
  readonly ghost: bigint;
  /** Four orders that were matched and settled; the app order was good for this one task. */
  readonly used: Match;
  /** An app that was offered and then sold, with orders from before. */
  readonly sold: Match;
  /** A pool that was offered and then sold, with orders from before. */
  readonly soldPool: Match;
  /** A pool that offers its work, and whose gateway is nowhere. */
  readonly deadPool: bigint;
  /** What stands between this market's workers and the container engine. */
  readonly engine: SocketProxy;
  /** A request that would be matched. */
  request(changes?: Partial<RequestOrder>): RequestOrder;
  /** The orders that would be matched with a request. */
  matchOf(request: Signed<RequestOrder>): Promise<Match>;
}

export async function startBadMarket(): Promise<BadMarket> {
  await using started = new AsyncDisposableStack();
  const place = started.use(await tempDir());
  const engine = started.use(await openProxy(`unix://${join(place.path, "docker.sock")}`, dockerHost()));
  const local = started.use(await startLocalMarket(["--workers", "3"], { DOCKER_HOST: engine.url }));
  await describeNetworks(local);
  const person = async (name: string): Promise<Person> => started.use(await openPerson(local, name));
  const requester = await person("requester");
  const poolOwner = await person("pool-owner");
  const stranger = await person("worker-1");
  const { app, image } = await publish(local, requester);
  const ghost = await offered(requester, { ...image, digest: randomHash() });
  const request = (changes: Partial<RequestOrder> = {}): RequestOrder => ({ ...requestBy(requester, app), ...changes });
  const matchOf = (signed: Signed<RequestOrder>): Promise<Match> => asksFor(requester, signed);
  const people = { requester, poolOwner, stranger, request, matchOf };
  const used = await matchOnce(people, await offered(requester, image, 1n));
  const forSale = await offered(requester, image);
  const [sold, [soldPool, deadPool]] = await Promise.all([
    sellApp(people, forSale),
    sellPool(people).then(async (match) => [match, await openDeadPool(poolOwner)] as const),
    settled(requester),
  ]);
  const stack = started.move();
  const close = (): Promise<void> => stack[Symbol.asyncDispose]();
  const things = { app, ghost, used, sold, soldPool, deadPool, engine };
  return { local, ...people, ...things, [Symbol.asyncDispose]: close };
}

const dockerHost = (): string => loadTestConfig().dockerHost ?? DEFAULT_DOCKER_HOST;

/** The market's network by other names: each with one thing that is not there, and one without keys of its own. */
async function describeNetworks({ home }: LocalMarket): Promise<void> {
  const file = homePaths(home).networks;
  const { keys: _keys, ...network } = await findNetwork(file, "local");
  await saveNetwork(file, "elsewhere", network);
  await saveNetwork(file, "without-chain", { ...network, rpcUrls: [NOBODY] });
  await saveNetwork(file, "without-market", { ...network, marketUrl: NOBODY });
  await saveNetwork(file, "of-another-chain", { ...network, chainId: 1 });
}

type Image = { readonly reference: string; readonly digest: Hash };
type Place = Pick<BadMarket, "requester" | "poolOwner" | "stranger" | "request" | "matchOf">;

async function publish(local: LocalMarket, { grid }: Person): Promise<{ app: bigint; image: Image }> {
  const { code, json, stderr } = await local.run(["app", "publish", MISBEHAVE, "--yes"]);
  if (code !== 0) throw new Error(`the app could not be published: ${stderr}`);
  const app = BigInt((json as { id: string }).id);
  await grid.apps.offer({ app, price: 0n });
  await grid.market.putParams(PARAMS);
  return { app, image: await grid.apps.get(app) };
}

/** Registers an image once more, as an app of its own, and offers it for nothing. */
async function offered({ grid, calls, send }: Person, { reference, digest }: Image, volume?: bigint): Promise<bigint> {
  const before = new Set((await grid.apps.list()).map(({ id }) => id));
  await send(calls.registerApp(reference, digest));
  const app = await waitFor("the market to know the app", async () =>
    (await grid.apps.list()).find(({ id }) => !before.has(id)),
  );
  await grid.apps.offer({ app: app.id, price: 0n, ...(volume === undefined ? {} : { volume }) });
  return app.id;
}

function requestBy({ address }: Person, app: bigint): RequestOrder {
  return {
    ...{ app, dataset: 0n, pool: 0n, maxAppPrice: 0n, maxDatasetPrice: 0n, maxPoolPrice: MILL },
    ...{ requester: address, payer: address, beneficiary: address, callback: ZERO_ADDRESS },
    ...{ trust: 2, maxWeight: 16, category: 0, requirements: ZERO_HASH, paramsHash: paramsHashOf(PARAMS) },
    ...{ volume: 1, nonce: randomNonce(), expiry: FAR_FUTURE },
  };
}

async function asksFor({ grid }: Person, request: Signed<RequestOrder>): Promise<Match> {
  const { app, pool, category } = request.order;
  const [appOrder] = await grid.orders.list("app", { app });
  const [poolOrder] = await grid.orders.list("pool", { category, ...(pool === 0n ? {} : { pool }) });
  if (!appOrder || !poolOrder) throw new Error(`nobody offers app ${app} and a pool of category ${category}`);
  return { app: signedPart(appOrder), pool: signedPart(poolOrder), request };
}

const signedPart = <T>({ order, signature }: Signed<T>): Signed<T> => ({ order, signature });

async function matchOnce({ requester, request, matchOf }: Place, app: bigint): Promise<Match> {
  const match = await matchOf(await requester.sign("request", request({ app })));
  await requester.send(requester.calls.matchOrders(match));
  return match;
}

async function settled({ grid }: Person): Promise<void> {
  const isSettled = async (): Promise<boolean> => (await grid.deals.list())[0]?.status === "settled";
  await waitFor("the first deal to be settled", isSettled, { timeoutMs: 90_000 });
}

async function sellApp({ requester, stranger, request, matchOf }: Place, app: bigint): Promise<Match> {
  const { calls, grid, sign, send } = requester;
  const match = await matchOf(await sign("request", request({ app })));
  await send(calls.transferAsset("app", app, requester.address, stranger.address));
  await waitFor("the market to see the sale", async () => (await grid.orders.list("app", { app })).length === 0);
  return match;
}

async function openDeadPool(owner: Person): Promise<bigint> {
  const pool = await offerPool(owner, 2n * MILL);
  await waitFor("the market to know it", async () => (await owner.grid.orders.list("pool", { pool })).length > 0);
  return pool;
}

async function offerPool({ grid, address }: Person, price = MILL / 2n): Promise<bigint> {
  const { id: pool } = await grid.pools.create({ operator: address, endpoint: NOBODY });
  const capabilities = { ...NO_RESOURCES, cpuMillicores: 64_000, memoryMiB: 65_536, diskMiB: 65_536 };
  await grid.pools.offer({ pool, category: 0, price, capabilities });
  return pool;
}

/** The sold pool costs less than the other, so that everybody would take it. */
async function sellPool({ requester, poolOwner, stranger, request, matchOf }: Place): Promise<Match> {
  const { calls, grid, send, address } = poolOwner;
  const pool = await offerPool(poolOwner);
  const match = await matchOf(await requester.sign("request", request({ pool })));
  await send(calls.transferAsset("pool", pool, address, stranger.address));
  await waitFor("the market to see the sale", async () => (await grid.orders.list("pool", { pool })).length === 0);
  return match;
}
