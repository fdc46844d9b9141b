import { readFile } from "node:fs/promises";

import { z } from "zod";

import { createChainReader } from "../../chain/reader.ts";
import { connectChain } from "../../chain/rpc.ts";
import { DeploymentSchema } from "../../protocol/deployment.ts";
import type { Deployment } from "../../protocol/deployment.ts";
import { BadConfigError } from "../../protocol/errors.ts";
import type { SigningDomain } from "../../protocol/orders.ts";
import { createReaderChain } from "./reader-chain.ts";
import type { WorkerChain } from "./worker-chain.ts";

/** A chain that this worker votes on. */
export type ChainLink = {
  readonly chain: WorkerChain;
  readonly chainId: number;
  /** What ballots are signed for. */
  readonly ballotDomain: SigningDomain;
  readonly close: () => void;
};

export type ChainPlace = {
  readonly rpcUrls: readonly string[];
  readonly deploymentFile: string;
  readonly confirmations: number;
};

/** @throws BadConfigError | ChainUnreachableError | WrongChainError */
export async function linkChain({ rpcUrls, deploymentFile, confirmations }: ChainPlace): Promise<ChainLink> {
  const deployment = await readDeployment(deploymentFile);
  const provider = await connectChain({ rpcUrls, chainId: deployment.chainId });
  const reader = createChainReader(provider, deployment);
  return {
    chain: createReaderChain(reader, confirmations),
    chainId: deployment.chainId,
    ballotDomain: reader.ballotDomain,
    close: () => provider.destroy(),
  };
}

async function readDeployment(file: string): Promise<Deployment> {
  try {
    return DeploymentSchema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new BadConfigError(`${file} does not say where the contracts are: ${why}`, {
      cause,
      details: { problems: [`GRIDMILL_DEPLOYMENT: ${file}`] },
      hint: "`gridmill up` and scripts/deploy.ts write such a file",
    });
  }
}
