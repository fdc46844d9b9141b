import { createCalls } from "../../chain/calls.ts";
import type { GridCalls } from "../../chain/calls.ts";
import type { Call, Receipt } from "../../chain/intent.ts";
import { createMemoryJournal } from "../../chain/memory-journal.ts";
import { connectChain } from "../../chain/rpc.ts";
import { createSenderChain } from "../../chain/sender-chain.ts";
import { createSender } from "../../chain/sender.ts";
import { signOrder } from "../../chain/sign.ts";
import { homePaths, readIfThere } from "../../cli/home.ts";
import { openKey } from "../../cli/keystore.ts";
import { localPaths } from "../../cli/local/paths.ts";
import { findNetwork } from "../../cli/networks.ts";
import { signingDomain } from "../../protocol/orders.ts";
import type { OrderByKind, OrderKind, Signed } from "../../protocol/orders.ts";
import type { Address } from "../../protocol/primitives.ts";
import { connect } from "../../sdk/grid.ts";
import type { Grid } from "../../sdk/grid.ts";
import type { GridSigner } from "../../sdk/grid-context.ts";

import type { LocalMarket } from "./local-market.ts";

/** Somebody with a key on a local market, who also does by hand what the SDK would not. */
export interface Person extends AsyncDisposable {
  readonly address: Address;
  readonly grid: Grid;
  readonly calls: GridCalls;
  sign<K extends OrderKind>(kind: K, order: OrderByKind[K]): Promise<Signed<OrderByKind[K]>>;
  /** Sends any transaction, past every check of the market. */
  send(call: Call): Promise<Receipt>;
}

/** The key of that name among those that `gridmill up` made. */
export async function keyOf({ home }: LocalMarket, name: string): Promise<GridSigner> {
  const paths = localPaths(homePaths(home).local);
  return await openKey(paths.keys, name, ((await readIfThere(paths.passphrase)) ?? "").trim());
}

export async function openPerson(market: LocalMarket, name: string): Promise<Person> {
  const {
    keys: _keys,
    imageRegistry: _registry,
    ...network
  } = await findNetwork(homePaths(market.home).networks, "local");
  const { deployment, chainId, rpcUrls } = network;
  const signer = await keyOf(market, name);
  const domain = signingDomain(BigInt(chainId), deployment.contracts.marketplace);
  const provider = await connectChain({ chainId, rpcUrls });
  const grid = await connect({ network, signer });
  const sender = createSender({
    ...{ chain: createSenderChain(provider), signer, journal: createMemoryJournal() },
    ...{ confirmations: 0, pollMs: 100, onError: () => {} },
  });
  return {
    address: sender.address,
    grid,
    calls: createCalls(deployment),
    sign: async (kind, order) => ({ order, signature: await signOrder(kind, order, signer, domain) }),
    send: (call) => sender.send(crypto.randomUUID(), call),
    async [Symbol.asyncDispose]() {
      await sender[Symbol.asyncDispose]();
      await grid[Symbol.asyncDispose]();
      provider.destroy();
    },
  };
}
