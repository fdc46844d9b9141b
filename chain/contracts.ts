import { Contract } from "ethers";
import type { BaseContract, BaseContractMethod, ContractRunner, ContractTransactionResponse } from "ethers";

import type { OpenedBallot } from "../protocol/settlement.ts";
import type { Deal } from "../protocol/deal.ts";
import type { Deployment } from "../protocol/deployment.ts";
import type { AppOrder, DatasetOrder, PoolOrder, RequestOrder, Signed } from "../protocol/orders.ts";
import type { Address, Hash, Hex } from "../protocol/primitives.ts";
import { INTERFACES } from "./interfaces.ts";
import type { ContractName } from "./interfaces.ts";

/** A function that only reads. What it returns is raw: checksummed addresses, every number a bigint. */
type View<A extends unknown[], R> = BaseContractMethod<A, R, R>;
/** A function that changes something; with a signer as runner, calling it sends a transaction. */
type Write<A extends unknown[], R = void> = BaseContractMethod<A, R, ContractTransactionResponse>;

interface TokenContract extends BaseContract {
  readonly balanceOf: View<[account: Address], bigint>;
  readonly allowance: View<[owner: Address, spender: Address], bigint>;
  readonly totalSupply: View<[], bigint>;
  readonly nonces: View<[owner: Address], bigint>;
  readonly transfer: Write<[to: Address, amount: bigint], boolean>;
  readonly approve: Write<[spender: Address, amount: bigint], boolean>;
}

interface EscrowContract extends BaseContract {
  readonly balanceOf: View<[account: Address], { readonly available: bigint; readonly locked: bigint }>;
  readonly pendingBurn: View<[], bigint>;
  readonly deposit: Write<[amount: bigint]>;
  readonly depositFor: Write<[account: Address, amount: bigint]>;
  readonly depositWithPermit: Write<[amount: bigint, deadline: bigint, v: number, r: Hash, s: Hash]>;
  readonly withdraw: Write<[amount: bigint]>;
  readonly withdrawTo: Write<[to: Address, amount: bigint]>;
  readonly sweepBurned: Write<[], bigint>;
}

/** What the three registries have in common (ERC-721). */
interface RegistryContract extends BaseContract {
  readonly ownerOf: View<[id: bigint], string>;
  readonly transferFrom: Write<[from: Address, to: Address, id: bigint]>;
}

interface AppRegistryContract extends RegistryContract {
  readonly appOf: View<[id: bigint], { readonly digest: string; readonly image: string }>;
  readonly register: Write<[reference: string, digest: Hash], bigint>;
}

interface DatasetRegistryContract extends RegistryContract {
  readonly datasetOf: View<
    [id: bigint],
    { readonly digest: string; readonly encrypted: boolean; readonly location: string }
  >;
  readonly register: Write<[reference: string, digest: Hash, encrypted: boolean], bigint>;
}

interface PoolRegistryContract extends RegistryContract {
  readonly poolOf: View<[id: bigint], { readonly operator: string; readonly endpoint: string }>;
  readonly operatorOf: View<[id: bigint], string>;
  readonly register: Write<[operator: Address, endpoint: string], bigint>;
  readonly setOperator: Write<[id: bigint, operator: Address]>;
  readonly setEndpoint: Write<[id: bigint, endpoint: string]>;
}

/** Approving and cancelling have one function for each kind of order: see `calls.ts`. */
interface MarketplaceContract extends BaseContract {
  readonly counterOf: View<[signer: Address], bigint>;
  readonly consumedOf: View<[signer: Address, orderHash: Hash], bigint>;
  readonly isApproved: View<[signer: Address, orderHash: Hash], boolean>;
  readonly isNonceUsed: View<[requester: Address, nonce: bigint], boolean>;
  readonly allowanceOf: View<[payer: Address, requester: Address], bigint>;
  readonly matchOrders: Write<
    [app: Signed<AppOrder>, dataset: Signed<DatasetOrder>, pool: Signed<PoolOrder>, request: Signed<RequestOrder>],
    string
  >;
  readonly cancelAll: Write<[]>;
  readonly allow: Write<[requester: Address, amount: bigint]>;
}

interface HubContract extends BaseContract {
  readonly epochOf: View<
    [pool: bigint, lane: number],
    { readonly jointHash: string; readonly epoch: bigint; readonly sealedAt: bigint; readonly settled: boolean }
  >;
  readonly dealState: View<[dealId: Hash], { readonly open: boolean; readonly closed: bigint }>;
  readonly isClosed: View<[dealId: Hash, index: number], boolean>;
  readonly keptVotesOf: View<[taskId: Hash], { readonly keptAt: bigint; readonly votesHash: string }>;
  readonly isOpened: View<[sealedVote: Hash], boolean>;
  readonly workerOf: View<
    [worker: Address],
    { readonly bonded: bigint; readonly unbonding: bigint; readonly readyAt: bigint; readonly score: bigint }
  >;
  readonly bond: Write<[amount: bigint]>;
  readonly unbond: Write<[amount: bigint]>;
  readonly withdrawBond: Write<[]>;
  readonly seal: Write<[pool: bigint, lane: number, leaves: readonly Hash[]]>;
  readonly settle: Write<
    [
      pool: bigint,
      lane: number,
      deals: readonly Deal[],
      tasks: Hex,
      ballots: readonly OpenedBallot[],
      callbacks: readonly Hex[],
    ]
  >;
  readonly openVote: Write<[worker: Address, taskId: Hash, digest: Hash, secret: Hash]>;
  readonly decline: Write<[deal: Deal]>;
  readonly claim: Write<[deal: Deal]>;
}

export type GridContracts = {
  readonly token: TokenContract;
  readonly escrow: EscrowContract;
  readonly appRegistry: AppRegistryContract;
  readonly datasetRegistry: DatasetRegistryContract;
  readonly poolRegistry: PoolRegistryContract;
  readonly marketplace: MarketplaceContract;
  readonly hub: HubContract;
};

/**
 * The contracts of a deployment, typed. Rooms read through `ChainReader` and write through `calls.ts` and a
 * `TransactionSender`; this is for what those do not cover. Touches no network.
 * @param runner a provider to read, a signer to write as well
 */
export function connectContracts(runner: ContractRunner, deployment: Deployment): GridContracts {
  const connect = (name: ContractName): unknown => new Contract(deployment.contracts[name], INTERFACES[name], runner);
  return {
    token: connect("token") as TokenContract,
    escrow: connect("escrow") as EscrowContract,
    appRegistry: connect("appRegistry") as AppRegistryContract,
    datasetRegistry: connect("datasetRegistry") as DatasetRegistryContract,
    poolRegistry: connect("poolRegistry") as PoolRegistryContract,
    marketplace: connect("marketplace") as MarketplaceContract,
    hub: connect("hub") as HubContract,
  };
}
