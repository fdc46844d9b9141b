import { Interface, isCallException, isError } from "ethers";

import type { Receipt } from "../chain/intent.ts";
import { revertError } from "../chain/revert-errors.ts";
import { BadInputError } from "../protocol/errors.ts";
import { AddressSchema } from "../protocol/primitives.ts";
import type { Address, Hex } from "../protocol/primitives.ts";

import { encodeCall, encodeDeploy, parseFunction } from "./contract-calls.ts";
import type { Artifact, Words } from "./contract-calls.ts";
import { EventMissingError } from "./errors.ts";
import { once, send } from "./grid-context.ts";
import type { GridContext } from "./grid-context.ts";

/** Contracts of anybody: enough to try one's own without another tool. Signatures and words as `contract-calls.ts` has them. */
export interface AnyContracts {
  /** Costs gas. @throws BadInputError */
  deploy(artifact: Artifact, words: Words, signal?: AbortSignal): Promise<{ address: Address; receipt: Receipt }>;
  /** Sends a transaction. @param value wei of the chain's own currency @throws BadInputError, or how the call reverted */
  send(to: Address, signature: string, words: Words, value?: bigint, signal?: AbortSignal): Promise<Receipt>;
  /** Asks without a transaction. @throws BadInputError, or how the call reverted */
  read(to: Address, signature: string, words: Words): Promise<readonly unknown[]>;
}

export function createAnyContracts(context: GridContext): AnyContracts {
  const { provider, network } = context;
  const { contracts } = network.deployment;
  return {
    async deploy(artifact, words, signal) {
      const data = encodeDeploy(artifact, words, contracts);
      const receipt = await send(context, once("deploy"), { data }, signal);
      const mined = await provider.getTransactionReceipt(receipt.hash);
      const address = AddressSchema.safeParse(mined?.contractAddress);
      if (address.success) return { address: address.data, receipt };
      throw new EventMissingError(`Transaction ${receipt.hash} was mined and created no contract`, {
        hint: "Check that the artifact is that of a contract, not of an interface or a library",
      });
    },
    async send(to, signature, words, value = 0n, signal) {
      const data = encodeCall(parseFunction(signature), words, contracts);
      return await send(context, once("call"), { to, data, value }, signal);
    },
    async read(to, signature, words) {
      const fragment = parseFunction(signature);
      const answer = await ask(context, to, encodeCall(fragment, words, contracts));
      try {
        return plain(new Interface([fragment]).decodeFunctionResult(fragment, answer)) as readonly unknown[];
      } catch (cause) {
        if (!isError(cause, "BAD_DATA")) throw cause;
        const hint = "Check the address and what the function returns";
        throw new BadInputError(`${to} does not answer ${fragment.format("full")}`, { cause, hint });
      }
    },
  };
}

async function ask({ provider }: GridContext, to: Address, data: Hex): Promise<Hex> {
  try {
    return (await provider.call({ to, data })) as Hex;
  } catch (error) {
    if (isCallException(error) && error.data !== null) throw revertError(error.data as Hex, error);
    throw error;
  }
}

/** ethers' results are lists with names besides, which JSON would not show. */
function plain(value: unknown): unknown {
  return Array.isArray(value) ? Array.from(value, plain) : value;
}
