import { createCalls } from "../chain/calls.ts";
import { connectContracts } from "../chain/contracts.ts";
import { createEventDecoder } from "../chain/events.ts";
import { createMemoryJournal } from "../chain/memory-journal.ts";
import { createChainReader } from "../chain/reader.ts";
import { connectChain } from "../chain/rpc.ts";
import type { SenderJournal } from "../chain/sender-journal.ts";
import { createSenderChain } from "../chain/sender-chain.ts";
import { createSender } from "../chain/sender.ts";
import type { Address } from "../protocol/primitives.ts";

import { createAccounts } from "./accounts.ts";
import type { Accounts } from "./accounts.ts";
import { createAllowances } from "./allowances.ts";
import type { Allowances } from "./allowances.ts";
import { createAnyContracts } from "./any-contracts.ts";
import type { AnyContracts } from "./any-contracts.ts";
import { createApps } from "./apps.ts";
import type { Apps } from "./apps.ts";
import { createDapps } from "./dapps.ts";
import type { Dapps } from "./dapps.ts";
import { createDatasets } from "./datasets.ts";
import type { Datasets } from "./datasets.ts";
import { createDeals } from "./deals.ts";
import type { Deals } from "./deals.ts";
import type { GridAccount, GridContext, GridSigner } from "./grid-context.ts";
import { createMarketClient } from "./market-client.ts";
import type { MarketClient } from "./market-client.ts";
import type { Network } from "./network.ts";
import { createOrders } from "./orders.ts";
import type { Orders } from "./orders.ts";
import { createPools } from "./pools.ts";
import type { Pools } from "./pools.ts";
import { createRequests } from "./requests.ts";
import type { Requests } from "./requests.ts";
import { createSettlements } from "./settlements.ts";
import type { Settlements } from "./settlements.ts";
import { createTasks } from "./tasks.ts";
import type { Tasks } from "./tasks.ts";
import { createWorkers } from "./workers.ts";
import type { Workers } from "./workers.ts";

export type GridOptions = {
  readonly network: Network;
  /** Signs orders, transactions and log-ins. Without it the grid only reads. */
  readonly signer?: GridSigner;
  /** Where transactions are written down before they are sent. Default: memory, forgotten at the end. */
  readonly journal?: SenderJournal;
  /** Hears of failures in the background, which are tried again. Default: nobody does. */
  readonly onError?: (error: unknown) => void;
};

/** A Gridmill, as requesters, providers and pool owners meet it. Close it with `await using`. */
export interface Grid extends AsyncDisposable {
  readonly network: Network;
  /** Who signs; undefined for a grid that only reads. */
  readonly address: Address | undefined;
  readonly market: MarketClient;
  readonly accounts: Accounts;
  readonly allowances: Allowances;
  readonly apps: Apps;
  readonly datasets: Datasets;
  readonly pools: Pools;
  readonly orders: Orders;
  readonly requests: Requests;
  readonly deals: Deals;
  readonly tasks: Tasks;
  readonly settlements: Settlements;
  readonly dapps: Dapps;
  readonly contracts: AnyContracts;
  readonly workers: Workers;
}

/**
 * Connects to a chain and its market.
 * @throws ChainUnreachableError | WrongChainError
 */
export async function connect(options: GridOptions): Promise<Grid> {
  const context = await openContext(options);
  const deals = createDeals(context);
  const settlements = createSettlements(context);
  return {
    network: context.network,
    address: context.account?.address,
    market: context.market,
    accounts: createAccounts(context),
    allowances: createAllowances(context),
    apps: createApps(context),
    datasets: createDatasets(context),
    pools: createPools(context),
    orders: createOrders(context),
    requests: createRequests(context),
    deals,
    tasks: createTasks(context, deals),
    settlements,
    dapps: createDapps(context),
    contracts: createAnyContracts(context),
    workers: createWorkers(context),
    async [Symbol.asyncDispose]() {
      await context.account?.sender[Symbol.asyncDispose]();
      context.provider.destroy();
    },
  };
}

async function openContext(options: GridOptions): Promise<GridContext> {
  const { network } = options;
  const { chainId, rpcUrls, deployment, marketUrl } = network;
  const provider = await connectChain({ chainId, rpcUrls });
  return {
    network,
    provider,
    reader: createChainReader(provider, deployment),
    market: createMarketClient({ url: marketUrl }),
    calls: createCalls(deployment),
    contracts: connectContracts(provider, deployment),
    decoder: createEventDecoder(deployment),
    account: accountWith(options, provider),
    deals: new Map(),
  };
}

function accountWith(options: GridOptions, provider: GridContext["provider"]): GridAccount | undefined {
  const { signer, network, journal = createMemoryJournal(), onError = () => {} } = options;
  if (!signer) return undefined;
  const sender = createSender({
    chain: createSenderChain(provider),
    signer,
    journal,
    confirmations: network.confirmations,
    pollMs: 250,
    onError,
  });
  return { address: sender.address, signer, sender };
}
