import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { HDNodeWallet, JsonRpcProvider, Mnemonic, NonceManager, hexlify, randomBytes } from "ethers";
import { pino } from "pino";

import { createCalls } from "../../chain/calls.ts";
import type { GridCalls } from "../../chain/calls.ts";
import type { Call } from "../../chain/intent.ts";
import { revertError } from "../../chain/revert-errors.ts";
import { signOrder } from "../../chain/sign.ts";
import { startMarket } from "../../market/start-market.ts";
import type { Market } from "../../market/start-market.ts";
import type { DatabaseOptions } from "../../market/store/database.ts";
import { MILL } from "../../protocol/amounts.ts";
import type { Deployment } from "../../protocol/deployment.ts";
import type { OrderByKind, OrderKind, Signed, SigningDomain } from "../../protocol/orders.ts";
import { signingDomain } from "../../protocol/orders.ts";
import type { Address, Hash, Hex } from "../../protocol/primitives.ts";
import { deployContracts } from "../../scripts/deploy.ts";
import { createMarketClient } from "../../sdk/market-client.ts";
import type { MarketClient } from "../../sdk/market-client.ts";

import type { Part } from "../../cli/parts/part.ts";
import { testAnvil, testPostgres } from "./parts.ts";
import { tempDir } from "./temp-dir.ts";

/** Anvil's own words, from which its funded accounts come. */
const MNEMONIC = Mnemonic.fromPhrase("test test test test test test test test test test test junk");
const ROLES = ["deployer", "appOwner", "datasetOwner", "poolOwner", "requester", "stranger"] as const;
type Role = (typeof ROLES)[number];
export const DEPOSIT = 1_000n * MILL;

/** Who acts in a test: signs orders with the wallet, sends transactions with the sender. */
export type Actor = { readonly address: Address; readonly wallet: HDNodeWallet; readonly sender: NonceManager };

/** A chain with contracts and assets, and a market that follows it. App, dataset and pool have id 1. */
export interface MarketWorld extends AsyncDisposable {
  readonly provider: JsonRpcProvider;
  readonly deployment: Deployment;
  readonly deploymentFile: string;
  readonly rpcUrl: string;
  readonly domain: SigningDomain;
  readonly actors: Readonly<Record<Role, Actor>>;
  readonly calls: GridCalls;
  readonly market: Market;
  readonly client: MarketClient;
  /** Sends a transaction and waits until it is mined; a revert becomes the error that users meet. */
  send(role: Role, call: Call): Promise<{ readonly blockNumber: number }>;
  sign<K extends OrderKind>(role: Role, kind: K, order: OrderByKind[K]): Promise<Signed<OrderByKind[K]>>;
}

type WorldOptions = { readonly database?: DatabaseOptions };

export async function openMarketWorld({ database }: WorldOptions = {}): Promise<MarketWorld> {
  await using opened = new AsyncDisposableStack();
  const anvil = opened.use(await testAnvil());
  const folder = opened.use(await tempDir());
  const provider = opened.adopt(new JsonRpcProvider(anvil.url, undefined, { cacheTimeout: -1 }), (it) => it.destroy());
  await provider.send("evm_setAutomine", [true]); // a test waits for its transactions, not for a block's time
  const actors = actorsOf(provider);
  const deployment = await deployContracts(actors.deployer.sender, actors.deployer.address);
  const deploymentFile = join(folder.path, "deployment.json");
  await writeFile(deploymentFile, JSON.stringify(deployment));

  const calls = createCalls(deployment);
  const send: MarketWorld["send"] = (role, call) => sendCall(actors[role], call);
  await furnish(calls, actors, send);
  const config = {
    rpcUrls: [anvil.url],
    deploymentFile,
    confirmations: 0,
    database: database ?? { kind: "embedded", folder: undefined },
    host: "127.0.0.1",
    port: 0,
    rateLimit: 100_000,
    proxies: [],
    logLevel: "silent",
  } as const;
  const market = opened.use(await startMarket(config, pino({ level: "silent" })));
  const domain = signingDomain(BigInt(deployment.chainId), deployment.contracts.marketplace);
  const running = opened.move();
  return {
    provider,
    deployment,
    deploymentFile,
    rpcUrl: anvil.url,
    domain,
    actors,
    calls,
    market,
    client: createMarketClient({ url: market.url }),
    send,
    sign: async (role, kind, order) => ({
      order,
      signature: await signOrder(kind, order, actors[role].wallet, domain),
    }),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** The same on a PostgreSQL of its own. */
export async function openPostgresWorld(): Promise<MarketWorld & { readonly postgres: Part }> {
  await using opened = new AsyncDisposableStack();
  const postgres = opened.use(await testPostgres());
  const world = opened.use(await openMarketWorld({ database: { kind: "postgres", url: postgres.url } }));
  const running = opened.move();
  return { ...world, postgres, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** A salt, or a number for a nonce, that no other order of the run has. */
export const fresh = (): Hash => hexlify(randomBytes(32)) as Hash;

function actorsOf(provider: JsonRpcProvider): Readonly<Record<Role, Actor>> {
  const entries = ROLES.map((role, index) => {
    const wallet = HDNodeWallet.fromMnemonic(MNEMONIC, `m/44'/60'/0'/0/${index}`);
    const actor = { wallet, sender: new NonceManager(wallet.connect(provider)), address: wallet.address.toLowerCase() };
    return [role, actor];
  });
  return Object.fromEntries(entries) as Readonly<Record<Role, Actor>>;
}

async function sendCall({ sender }: Actor, call: Call): Promise<{ readonly blockNumber: number }> {
  try {
    const receipt = await (await sender.sendTransaction(call)).wait();
    return { blockNumber: receipt!.blockNumber };
  } catch (error) {
    sender.reset();
    throw revertError((error as { data?: Hex }).data ?? undefined, error);
  }
}

async function furnish(calls: GridCalls, actors: MarketWorld["actors"], send: MarketWorld["send"]): Promise<void> {
  const digest = `0x${"ab".repeat(32)}` as const;
  await send("deployer", calls.allowDeposit(2n * DEPOSIT));
  for (const role of ["poolOwner", "requester"] as const) {
    await send("deployer", calls.depositFor(actors[role].address, DEPOSIT));
  }
  await send("appOwner", calls.registerApp("registry.example/app", digest));
  await send("datasetOwner", calls.registerDataset("https://data.example/set", digest, false));
  await send("poolOwner", calls.registerPool(actors.poolOwner.address, "http://pool.example"));
}
