import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";

import { readPlan, workersOf } from "../../../cli/local/local-plan.ts";
import type { LocalPlan } from "../../../cli/local/local-plan.ts";
import { localPaths } from "../../../cli/local/paths.ts";
import { serviceNamed } from "../../../cli/local/service.ts";
import { homePaths } from "../../../cli/home.ts";
import type { Match } from "../../../chain/calls.ts";
import { createEventDecoder, findEvent } from "../../../chain/events.ts";
import { MILL } from "../../../protocol/amounts.ts";
import type { RequestOrder } from "../../../protocol/orders.ts";
import { paramsHashOf } from "../../../protocol/params.ts";
import { ZERO_ADDRESS, ZERO_HASH } from "../../../protocol/primitives.ts";
import type { Hash } from "../../../protocol/primitives.ts";
import { randomNonce } from "../../../sdk/random.ts";
import { openPerson } from "../e2e-person.ts";
import type { Person } from "../e2e-person.ts";
import { startLocalMarket } from "../local-market.ts";
import type { LocalMarket } from "../local-market.ts";
import { waitFor } from "../wait-for.ts";

import { openOnlooker } from "./look-at-the-dead.ts";
import type { Onlooker } from "./look-at-the-dead.ts";
import { Mortals } from "./mortals.ts";
import type { Mortal } from "./mortals.ts";

const HERE = "test/support/chaos";
const MISBEHAVE = "test/support/apps/misbehave";

/** A local market whose processes die at crash points and are started again, and a requester who does not die. */
export interface ChaosMarket extends AsyncDisposable {
  readonly local: LocalMarket;
  readonly plan: LocalPlan;
  readonly mortals: Mortals;
  readonly onlooker: Onlooker;
  /** Opens deals without a command: the pool's owner, since the command signs with the requester's key. */
  readonly requester: Person;
  readonly app: bigint;
  /** Opens a deal, past the market: it may be dead. */
  openDeal(changes?: DealWish): Promise<Hash>;
  /** Runs `gridmill run` until it is done, however often it is killed on the way. */
  startCommand(): void;
}

/** What a deal of a test may be like. */
export type DealWish = Partial<RequestOrder> & {
  /** What the app is told. Default: to write nothing. */
  readonly args?: readonly string[];
};

/** The pool closes epochs and gives workers up sooner than it would, since a test has no time. */
const HURRY = { GRIDMILL_EPOCH_SECONDS: "2", GRIDMILL_BALLOT_SECONDS: "6", GRIDMILL_OPEN_SECONDS: "8" };

export async function startChaosMarket(): Promise<ChaosMarket> {
  await using started = new AsyncDisposableStack();
  const local = started.use(await startLocalMarket(["--workers", "3"]));
  const plan = (await readPlan(localPaths(homePaths(local.home).local).plan))!;
  const app = await publish(local);
  const requester = started.use(await openPerson(local, "pool-owner"));
  const onlooker = started.use(await openOnlooker(local, plan));
  const mortals = started.use(new Mortals(await mkdtemp(join(local.home, "chaos-")), onlooker.look));
  const asks = await collectAsks(requester, app);
  for (const mortal of mortalsOf(plan)) {
    await local.kill(mortal.name);
    mortals.start(mortal);
  }
  const openDeal = dealOpener(local, requester, app, asks);
  let commands = 0;
  const startCommand = (): void => {
    const args = [`${app}`, join(local.home, "chaos-out", `${++commands}`)];
    const env = { GRIDMILL_HOME: local.home };
    mortals.start({ name: "command", column: "command", program: `${HERE}/mortal-command.ts`, args, env });
  };
  const stack = started.move();
  return {
    local,
    plan,
    mortals,
    onlooker,
    requester,
    app,
    openDeal,
    startCommand,
    [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose](),
  };
}

function mortalsOf(plan: LocalPlan): readonly Mortal[] {
  const { env } = serviceNamed(plan, "pool");
  return [
    { name: "pool", column: "scheduler", program: `${HERE}/mortal-scheduler.ts`, env: { ...env, ...HURRY } },
    { name: "market", column: "market", program: `${HERE}/mortal-market.ts`, env: serviceNamed(plan, "market").env },
    ...workersOf(plan).map(({ name, env: own }): Mortal => ({
      ...{ name, column: "worker", program: `${HERE}/mortal-worker.ts`, env: { ...own, GRIDMILL_SLOTS: "2" } },
      address: plan.accounts[name]!,
    })),
  ];
}

async function publish(local: LocalMarket): Promise<bigint> {
  const { code, json, stderr } = await local.run(["app", "publish", MISBEHAVE, "--yes"]);
  if (code !== 0) throw new Error(`the app could not be published: ${stderr}`);
  await using owner = await openPerson(local, "requester");
  const app = BigInt((json as { id: string }).id);
  await owner.grid.apps.offer({ app, price: 0n });
  return app;
}

type Asks = { readonly app: Match["app"]; readonly pools: readonly Match["pool"][] };

async function collectAsks({ grid }: Person, app: bigint): Promise<Asks> {
  const [appOrder] = await grid.orders.list("app", { app });
  const pools = await grid.orders.list("pool");
  return {
    app: { order: appOrder!.order, signature: appOrder!.signature },
    pools: pools.map(({ order, signature }) => ({ order, signature })),
  };
}

function dealOpener(
  { deployment }: LocalMarket,
  { address, grid, calls, sign, send }: Person,
  app: bigint,
  asks: Asks,
): ChaosMarket["openDeal"] {
  const kept = new Set<string>();
  const decoder = createEventDecoder(deployment);
  return async ({ args = ["nothing"], ...changes } = {}) => {
    const params = JSON.stringify({ version: 1, args });
    if (!kept.has(params))
      await waitFor("the market to take params", () => grid.market.putParams(params).then(() => true));
    kept.add(params);
    const request: RequestOrder = {
      ...{ app, dataset: 0n, pool: 0n, maxAppPrice: 0n, maxDatasetPrice: 0n, maxPoolPrice: 1_000n * MILL },
      ...{ requester: address, payer: address, beneficiary: address, callback: ZERO_ADDRESS },
      // Weights of 2 all along: two equal answers are wanted however often a worker was right.
      ...{ trust: 3, maxWeight: 2, category: 0, requirements: ZERO_HASH, paramsHash: paramsHashOf(params) },
      ...{ volume: 1, nonce: randomNonce(), expiry: 4_000_000_000, ...changes },
    };
    const pool = asks.pools.find(({ order }) => order.category === request.category)!;
    const { logs } = await send(calls.matchOrders({ app: asks.app, pool, request: await sign("request", request) }));
    return findEvent(decoder, logs, "DealOpened")!.dealId;
  };
}
