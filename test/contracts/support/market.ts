import { signingDomain } from "../../../protocol/orders.ts";
import type { SigningDomain } from "../../../protocol/orders.ts";
import type { Address } from "../../../protocol/primitives.ts";
import { deployContracts } from "../../../scripts/deploy.ts";
import type {
  AppRegistry,
  DatasetRegistry,
  Escrow,
  Hub,
  Marketplace,
  MillToken,
  PoolRegistry,
} from "../../../types/index.js";
import { ethers } from "./chain.ts";
import type { Account } from "./chain.ts";

export const MILL = 10n ** 18n;
/** What every actor has available at the start. */
export const FUNDS = 1_000_000n * MILL;
/** What every worker has at stake at the start. */
export const BOND = 1_000n * MILL;

export const APP = 1n;
export const DATASET = 1n;
export const POOL = 1n;
export const LANE = 0;

export type Market = {
  readonly token: MillToken;
  readonly escrow: Escrow;
  readonly appRegistry: AppRegistry;
  readonly datasetRegistry: DatasetRegistry;
  readonly poolRegistry: PoolRegistry;
  readonly marketplace: Marketplace;
  readonly hub: Hub;
  readonly holder: Account;
  readonly requester: Account;
  readonly appOwner: Account;
  readonly datasetOwner: Account;
  readonly poolOwner: Account;
  readonly operator: Account;
  readonly stranger: Account;
  /** Bonded, ascending by address. */
  readonly workers: readonly Account[];
  /** Domain of order signatures. */
  readonly orderDomain: SigningDomain;
  /** Domain of ballot signatures. */
  readonly ballotDomain: SigningDomain;
};

/** Everything deployed, one app, one dataset, one pool, everybody funded, ten workers bonded. */
export async function openMarketFixture(): Promise<Market> {
  const signers = await ethers.getSigners();
  const [holder, requester, appOwner, datasetOwner, poolOwner, operator, stranger] = signers as [Account, ...Account[]];
  const actors = { requester, appOwner, datasetOwner, poolOwner, operator, stranger } as Record<string, Account>;
  const workers = signers.slice(7, 17).sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
  const contracts = await deployedContracts(holder);

  await contracts.token.connect(holder).approve(contracts.escrow, ethers.MaxUint256);
  for (const account of [...Object.values(actors), ...workers]) {
    await contracts.escrow.connect(holder).depositFor(account, FUNDS);
  }
  for (const worker of workers) await contracts.hub.connect(worker).bond(BOND);
  await contracts.appRegistry.connect(appOwner).register("registry.example/render", ethers.id("image"));
  await contracts.datasetRegistry.connect(datasetOwner).register("ipfs://dataset", ethers.id("data"), true);
  await contracts.poolRegistry.connect(poolOwner).register(operator!, "https://pool.example");

  const { chainId } = await ethers.provider.getNetwork();
  const domainOf = async (contract: Marketplace | Hub): Promise<SigningDomain> =>
    signingDomain(chainId, (await contract.getAddress()).toLowerCase() as Address);
  return {
    ...contracts,
    ...(actors as Pick<Market, "requester" | "appOwner" | "datasetOwner" | "poolOwner" | "operator" | "stranger">),
    holder,
    workers,
    orderDomain: await domainOf(contracts.marketplace),
    ballotDomain: await domainOf(contracts.hub),
  };
}

async function deployedContracts(holder: Account) {
  const { contracts: at } = await deployContracts(holder, holder.address);
  return {
    token: await ethers.getContractAt("MillToken", at.token),
    escrow: await ethers.getContractAt("Escrow", at.escrow),
    appRegistry: await ethers.getContractAt("AppRegistry", at.appRegistry),
    datasetRegistry: await ethers.getContractAt("DatasetRegistry", at.datasetRegistry),
    poolRegistry: await ethers.getContractAt("PoolRegistry", at.poolRegistry),
    marketplace: await ethers.getContractAt("Marketplace", at.marketplace),
    hub: await ethers.getContractAt("Hub", at.hub),
  };
}
