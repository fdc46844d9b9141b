import { isCallException, isError } from "ethers";
import type { BlockTag, JsonRpcApiProvider } from "ethers";

import type { Deployment } from "../protocol/deployment.ts";
import { GridmillError } from "../protocol/errors.ts";
import { AssetUnknownError } from "../protocol/order-errors.ts";
import type { Hash, Hex } from "../protocol/primitives.ts";
import { connectContracts } from "./contracts.ts";
import type { GridContracts } from "./contracts.ts";
import { ChainUnreachableError, NotDeployedError } from "./errors.ts";
import { revertError } from "./revert-errors.ts";

type ReadBlock = { readonly number: number; readonly hash: Hash; readonly timestamp: number };

/** Reading with the errors of the reader: what ethers throws is sorted into what helps a caller decide. */
export interface Reads {
  readonly provider: JsonRpcApiProvider;
  readonly contracts: GridContracts;
  view<T>(answer: Promise<T>): Promise<T>;
  /** Undefined where `answer` fails with AssetUnknownError. */
  ifExists<T>(answer: Promise<T>): Promise<T | undefined>;
  block(tag: BlockTag): Promise<ReadBlock | undefined>;
  existingBlock(tag: BlockTag): Promise<ReadBlock>;
}

export function createReads(provider: JsonRpcApiProvider, deployment: Deployment): Reads {
  async function block(tag: BlockTag): Promise<ReadBlock | undefined> {
    const found = await view(provider.getBlock(tag));
    return found?.hash ? { number: found.number, hash: found.hash as Hash, timestamp: found.timestamp } : undefined;
  }

  async function existingBlock(tag: BlockTag): Promise<ReadBlock> {
    const found = await block(tag);
    if (found) return found;
    throw new ChainUnreachableError(`The node has not got block ${String(tag)} yet`, { details: { block: tag } });
  }

  return { provider, contracts: connectContracts(provider, deployment), view, ifExists, block, existingBlock };
}

async function view<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw readError(error);
  }
}

async function ifExists<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof AssetUnknownError) return undefined;
    throw error;
  }
}

function readError(error: unknown): unknown {
  if (error instanceof GridmillError) return error;
  if (isError(error, "BAD_DATA")) {
    return new NotDeployedError("There is no Gridmill contract where the deployment says", {
      cause: error,
      hint: "Check that the deployment is of this chain and of this version of Gridmill",
    });
  }
  if (isCallException(error) && error.data) return revertError(error.data as Hex, error);
  // Our views never revert without a reason, so the node failed, for example because it lacks the block's state.
  return new ChainUnreachableError("The node could not answer a question about a contract", { cause: error });
}
