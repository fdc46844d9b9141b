import type { Wallet } from "ethers";

import { createEventSource } from "../../chain/event-source.ts";
import { readDeployment } from "../../chain/node/deployment-file.ts";
import { postOverHttp } from "../../chain/node/http-post.ts";
import { createChainReader } from "../../chain/reader.ts";
import { connectChain } from "../../chain/rpc.ts";
import { createOwnerCheck } from "../../chain/signed-by.ts";
import type { OwnerCheck } from "../../chain/signed-by.ts";
import type { SigningDomain } from "../../protocol/orders.ts";
import { createReaderChain } from "./reader-chain.ts";
import { createVoteSender } from "./vote-sender.ts";
import type { VoteSender } from "./vote-sender.ts";
import type { WorkerChain } from "./worker-chain.ts";

/** A chain that this worker votes on. */
export type ChainLink = {
  readonly chain: WorkerChain;
  readonly chainId: number;
  /** What ballots are signed for. */
  readonly ballotDomain: SigningDomain;
  /** Asks the chain where an owner is a contract. */
  readonly isOwner: OwnerCheck;
  /** What opens votes on chain; `folder` has its journal. */
  readonly voteSender: (wallet: Wallet, folder: string, onError: (error: unknown) => void) => VoteSender;
  readonly close: () => void;
};

export type ChainPlace = {
  readonly rpcUrls: readonly string[];
  readonly deploymentFile: string;
  readonly confirmations: number;
};

/**
 * @param onFailure hears of RPC nodes that fail or are left out
 * @throws BadConfigError | ChainUnreachableError | WrongChainError
 */
export async function linkChain(
  { rpcUrls, deploymentFile, confirmations }: ChainPlace,
  onFailure: (node: string, error: unknown) => void,
): Promise<ChainLink> {
  const deployment = await readDeployment(deploymentFile);
  const provider = await connectChain({ rpcUrls, chainId: deployment.chainId, onFailure, post: postOverHttp });
  const reader = createChainReader(provider, deployment);
  const events = createEventSource({ provider, deployment, kinds: ["TaskKept"] });
  return {
    chain: createReaderChain(reader, events, confirmations),
    chainId: deployment.chainId,
    ballotDomain: reader.ballotDomain,
    isOwner: createOwnerCheck(provider, reader.ballotDomain),
    voteSender: (wallet, folder, onError) =>
      createVoteSender({ provider, deployment, wallet, folder, confirmations, onError }),
    close: () => provider.destroy(),
  };
}
