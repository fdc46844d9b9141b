import type { BlockTag, JsonRpcApiProvider } from "ethers";

import type { Deployment } from "../protocol/deployment.ts";
import { SETTLE_WINDOW_SECONDS } from "../protocol/constants.ts";
import { signingDomain } from "../protocol/orders.ts";
import type { SigningDomain } from "../protocol/orders.ts";
import type { Address, Hash, Hex } from "../protocol/primitives.ts";
import { REGISTRY_OF } from "./interfaces.ts";
import { createReads } from "./reads.ts";
import type { Reads } from "./reads.ts";

/** A block, named so that a reorganisation shows; its time in Unix seconds. */
export type BlockRef = { readonly number: number; readonly hash: Hash; readonly timestamp: number };

export type AssetKind = "app" | "dataset" | "pool";

/** A deal that was never opened has neither open nor closed tasks; once all are closed, `open` is false. */
type DealState = { readonly open: boolean; readonly closed: number };

/** The last epoch of one lane; `epoch` 0 when nothing was ever sealed there. Times in Unix seconds. */
type EpochState = {
  readonly jointHash: Hash;
  readonly epoch: number;
  readonly sealedAt: number;
  readonly settled: boolean;
};

/** When the votes of a task were kept, in Unix seconds, and their {@link keptVotesHash}; 0 and zeros where none are. */
export type KeptState = { readonly keptAt: number; readonly votesHash: Hex };

/** Amounts in wei; `readyAt` is the Unix second from which `unbonding` may be withdrawn. */
export type WorkerState = {
  readonly bonded: bigint;
  readonly unbonding: bigint;
  readonly readyAt: number;
  readonly score: number;
};

/** MILL in wei: free in the escrow, locked there, and outside of it; `native` is what pays gas. */
type AccountState = {
  readonly available: bigint;
  readonly locked: bigint;
  readonly token: bigint;
  /** What the escrow may take from the account when it deposits. */
  readonly allowance: bigint;
  readonly native: bigint;
};

/** An image: `reference` without its digest, `digest` the sha256 of its manifest, as 0x and 32 bytes. */
export type AppState = {
  readonly id: bigint;
  readonly owner: Address;
  readonly reference: string;
  readonly digest: Hash;
};

export type DatasetState = {
  readonly id: bigint;
  readonly owner: Address;
  readonly reference: string;
  /** sha256 of the bytes, as 0x and 32 bytes. */
  readonly digest: Hash;
  readonly encrypted: boolean;
};

export type PoolState = {
  readonly id: bigint;
  readonly owner: Address;
  /** The key that may seal, settle and decline. */
  readonly operator: Address;
  /** Where workers connect. */
  readonly endpoint: string;
};

/**
 * What rooms ask the chain, in their own words: lower-case addresses, wei as bigint, Unix seconds as number.
 * Every method throws ChainUnreachableError when no node answers, NotDeployedError when the deployment is wrong,
 * and never guesses.
 */
export interface ChainReader {
  readonly chainId: number;
  readonly deployment: Deployment;
  /** What orders are signed for. */
  readonly orderDomain: SigningDomain;
  /** What ballots are signed for. */
  readonly ballotDomain: SigningDomain;

  /**
   * The same questions about an earlier block, for readers who want confirmations. One that is named by its hash is that block or
   * none: every question fails once the chain has left it.
   */
  at(block: number | Hash): ChainReader;

  /** Timestamp of the latest block (of this reader's block after {@link at}), in Unix seconds. */
  now(): Promise<number>;
  head(): Promise<BlockRef>;
  /** Undefined when the chain (or the node that answers) has no such block. */
  block(number: number): Promise<BlockRef | undefined>;

  dealState(dealId: Hash): Promise<DealState>;
  /** Whether this task was settled, declined or claimed. */
  isClosed(dealId: Hash, index: number): Promise<boolean>;
  keptVotesOf(taskId: Hash): Promise<KeptState>;
  /** Whether the vote with this seal was opened on chain. */
  isOpened(seal: Hash): Promise<boolean>;
  epochOf(pool: bigint, lane: number): Promise<EpochState>;
  workerOf(worker: Address): Promise<WorkerState>;
  accountOf(account: Address): Promise<AccountState>;

  /** Undefined where there is no such asset; so for the next three. */
  appOf(id: bigint): Promise<AppState | undefined>;
  datasetOf(id: bigint): Promise<DatasetState | undefined>;
  poolOf(id: bigint): Promise<PoolState | undefined>;
  ownerOf(kind: AssetKind, id: bigint): Promise<Address | undefined>;

  /** The counter that new asks of this signer must carry. */
  counterOf(signer: Address): Promise<bigint>;
  /** Tasks of an ask that are used up; 2^256 - 1 when it was cancelled. Asks of unlimited volume are not counted. */
  consumed(signer: Address, orderHash: Hash): Promise<bigint>;
  /** Whether the signer approved the order on chain instead of signing it. */
  approved(signer: Address, orderHash: Hash): Promise<boolean>;
  /** Whether a request with this nonce was matched or cancelled. */
  nonceUsed(requester: Address, nonce: bigint): Promise<boolean>;
  /** Wei that `payer` still allows `requester` to spend on its requests; 2^256 - 1 is never counted down. */
  allowanceOf(payer: Address, requester: Address): Promise<bigint>;
}

/** Reads from a deployment. Calls that are made together travel together. */
export function createChainReader(provider: JsonRpcApiProvider, deployment: Deployment): ChainReader {
  return readerAt(createReads(provider, deployment), deployment, "latest");
}

/**
 * The stake (wei) that a worker can answer for in an epoch sealed at `sealedAt` (Unix seconds): what is bonded, and
 * what is unbonding when it becomes free only after that epoch's window.
 */
export function coverOf({ bonded, unbonding, readyAt }: WorkerState, sealedAt: number): bigint {
  return readyAt > sealedAt + SETTLE_WINDOW_SECONDS ? bonded + unbonding : bonded;
}

function readerAt(reads: Reads, deployment: Deployment, tag: BlockTag): ChainReader {
  const { chainId, contracts } = deployment;
  return {
    chainId,
    deployment,
    orderDomain: signingDomain(BigInt(chainId), contracts.marketplace),
    ballotDomain: signingDomain(BigInt(chainId), contracts.hub),
    at: (block) => readerAt(reads, deployment, block),
    now: async () => (await reads.existingBlock(tag)).timestamp,
    head: () => reads.existingBlock(tag),
    block: reads.block,
    ...hubReads(reads, tag),
    ...marketReads(reads, tag),
    ...assetReads(reads, tag),
    accountOf: (account) => readAccount(reads, contracts.escrow, account, tag),
  };
}

function hubReads(
  { contracts: { hub }, view }: Reads,
  blockTag: BlockTag,
): Pick<ChainReader, "dealState" | "isClosed" | "keptVotesOf" | "isOpened" | "epochOf" | "workerOf"> {
  const at = { blockTag };
  return {
    dealState: async (dealId) => {
      const { open, closed } = await view(hub.dealState(dealId, at));
      return { open, closed: Number(closed) };
    },
    isClosed: (dealId, index) => view(hub.isClosed(dealId, index, at)),
    keptVotesOf: async (taskId) => {
      const { keptAt, votesHash } = await view(hub.keptVotesOf(taskId, at));
      return { keptAt: Number(keptAt), votesHash: votesHash as Hex };
    },
    isOpened: (seal) => view(hub.isOpened(seal, at)),
    epochOf: async (pool, lane) => {
      const { jointHash, epoch, sealedAt, settled } = await view(hub.epochOf(pool, lane, at));
      return { jointHash: jointHash as Hash, epoch: Number(epoch), sealedAt: Number(sealedAt), settled };
    },
    workerOf: async (worker) => {
      const { bonded, unbonding, readyAt, score } = await view(hub.workerOf(worker, at));
      return { bonded, unbonding, readyAt: Number(readyAt), score: Number(score) };
    },
  };
}

function marketReads(
  { contracts: { marketplace }, view }: Reads,
  blockTag: BlockTag,
): Pick<ChainReader, "counterOf" | "consumed" | "approved" | "nonceUsed" | "allowanceOf"> {
  const at = { blockTag };
  return {
    counterOf: (signer) => view(marketplace.counterOf(signer, at)),
    consumed: (signer, orderHash) => view(marketplace.consumedOf(signer, orderHash, at)),
    approved: (signer, orderHash) => view(marketplace.isApproved(signer, orderHash, at)),
    nonceUsed: (requester, nonce) => view(marketplace.isNonceUsed(requester, nonce, at)),
    allowanceOf: (payer, requester) => view(marketplace.allowanceOf(payer, requester, at)),
  };
}

function assetReads(
  { contracts, view, ifExists }: Reads,
  blockTag: BlockTag,
): Pick<ChainReader, "appOf" | "datasetOf" | "poolOf" | "ownerOf"> {
  const at = { blockTag };

  async function owned<T>(kind: AssetKind, id: bigint, asset: Promise<T>): Promise<[Address, T] | undefined> {
    const owner = view(contracts[REGISTRY_OF[kind]].ownerOf(id, at));
    return await ifExists(Promise.all([owner.then(lowerCase), view(asset)]));
  }

  return {
    ownerOf: (kind, id) => ifExists(view(contracts[REGISTRY_OF[kind]].ownerOf(id, at)).then(lowerCase)),
    appOf: async (id) => {
      const [owner, app] = (await owned("app", id, contracts.appRegistry.appOf(id, at))) ?? [];
      return owner && app && { id, owner, reference: app.image, digest: app.digest as Hash };
    },
    datasetOf: async (id) => {
      const [owner, dataset] = (await owned("dataset", id, contracts.datasetRegistry.datasetOf(id, at))) ?? [];
      if (!owner || !dataset) return undefined;
      const { location: reference, digest, encrypted } = dataset;
      return { id, owner, reference, digest: digest as Hash, encrypted };
    },
    poolOf: async (id) => {
      const [owner, pool] = (await owned("pool", id, contracts.poolRegistry.poolOf(id, at))) ?? [];
      return owner && pool && { id, owner, operator: lowerCase(pool.operator), endpoint: pool.endpoint };
    },
  };
}

async function readAccount(
  { provider, contracts, view }: Reads,
  escrowAddress: Address,
  account: Address,
  blockTag: BlockTag,
): Promise<AccountState> {
  const [{ available, locked }, token, allowance, native] = await Promise.all([
    view(contracts.escrow.balanceOf(account, { blockTag })),
    view(contracts.token.balanceOf(account, { blockTag })),
    view(contracts.token.allowance(account, escrowAddress, { blockTag })),
    view(provider.getBalance(account, blockTag)),
  ]);
  return { available, locked, token, allowance, native };
}

function lowerCase(address: string): Address {
  return address.toLowerCase() as Address;
}
