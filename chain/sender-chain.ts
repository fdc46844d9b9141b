import { isError, keccak256, toQuantity } from "ethers";
import type { JsonRpcApiProvider } from "ethers";
import { z } from "zod";

import { GridmillError } from "../protocol/errors.ts";
import { HashSchema } from "../protocol/primitives.ts";
import type { Address, Hash, Hex } from "../protocol/primitives.ts";
import { ChainRefusedError } from "./errors.ts";
import type { Fees } from "./fees.ts";
import type { Call, Receipt } from "./intent.ts";
import { RpcNumberSchema, RpcReceiptSchema } from "./rpc-schemas.ts";
import { estimateGas, noGasMoney, revertDataOf } from "./simulate.ts";

/** A transaction in a block, final or not. */
export type Mined = { readonly receipt: Receipt; readonly succeeded: boolean };

/** One look at an account and some of its transactions, answered by one node. */
export type Look = {
  readonly head: number;
  /** The nonce that the account's next transaction in a block has to carry. */
  readonly nextNonce: number;
  /** The first of the given hashes that is in a block. */
  readonly mined: Mined | undefined;
};

/** The chain as a sender sees it. All methods throw ChainUnreachableError when no node answers. */
export interface SenderChain {
  readonly chainId: number;
  /** Hash of the first block: tells a chain from another that was started with the same id. */
  genesis(): Promise<Hash>;
  /**
   * Simulates the call on the newest block.
   * @returns the gas it used, without a reserve
   * @throws the mapped error of the revert; NoGasMoneyError
   */
  estimate(call: Call, from: Address): Promise<bigint>;
  fees(): Promise<Fees>;
  /** Wei of the chain's own currency. */
  balanceOf(account: Address): Promise<bigint>;
  look(account: Address, hashes: readonly Hash[]): Promise<Look>;
  /** The account's next nonce as of an earlier block. */
  nonceAt(account: Address, block: number): Promise<number>;
  /** Whether the node has the transaction, in a block or waiting for one. */
  knows(hash: Hash): Promise<boolean>;
  /**
   * Hands the node a signed transaction; one that it has already is fine.
   * @throws NoGasMoneyError | ChainRefusedError (with ethers' code in `details.reason`)
   */
  broadcast(raw: Hex): Promise<void>;
  /** What the call reverts with as of a block; undefined when it does not, or the node cannot tell. */
  revertData(call: Call, from: Address, block: number): Promise<Hex | undefined>;
}

export function createSenderChain(provider: JsonRpcApiProvider): SenderChain {
  const ask = askOf(provider);
  const knows = async (hash: Hash): Promise<boolean> =>
    (await ask(z.unknown(), "eth_getTransactionByHash", [hash])) !== null;
  const nonceAt = (account: Address, tag: string): Promise<number> =>
    ask(RpcNumberSchema, "eth_getTransactionCount", [account, tag]);

  return {
    chainId: Number(provider._network.chainId),
    genesis: async () => (await ask(z.looseObject({ hash: HashSchema }), "eth_getBlockByNumber", ["0x0", false])).hash,
    estimate: (call, from) => estimateGas(provider, call, from),
    fees: () => currentFees(provider),
    balanceOf: (account) => provider.getBalance(account),
    look: async (account, hashes) => {
      const [head, nextNonce, ...found] = await Promise.all([
        ask(RpcNumberSchema, "eth_blockNumber", []),
        nonceAt(account, "latest"),
        ...hashes.map((hash) => minedOf(ask, hash)),
      ]);
      return { head, nextNonce, mined: found.find((one) => one !== undefined) };
    },
    nonceAt: (account, block) => nonceAt(account, toQuantity(Math.max(0, block))),
    knows,
    broadcast: async (raw) => {
      try {
        await provider.send("eth_sendRawTransaction", [raw]);
      } catch (error) {
        if (error instanceof GridmillError) throw error;
        // Nodes word it differently when they know it already, but all of them can be asked.
        if (!(await knows(keccak256(raw) as Hash))) throw broadcastError(error);
      }
    },
    revertData: (call, from, block) => revertDataOf(provider, call, from, block),
  };
}

type Ask = <T>(schema: z.ZodType<T>, method: string, params: readonly unknown[]) => Promise<T>;

/** Asks the node and parses its answer. */
function askOf(provider: JsonRpcApiProvider): Ask {
  return async (schema, method, params) => {
    const answer = schema.safeParse(await provider.send(method, [...params]));
    if (answer.success) return answer.data;
    throw new ChainRefusedError(`The node answered ${method} in a shape that no Ethereum node has`, {
      cause: answer.error,
    });
  };
}

async function minedOf(ask: Ask, hash: Hash): Promise<Mined | undefined> {
  const answer = await ask(RpcReceiptSchema.nullable(), "eth_getTransactionReceipt", [hash]);
  if (!answer) return undefined;
  const { blockNumber, blockHash, gasUsed, effectiveGasPrice, logs, status } = answer;
  return { succeeded: status === 1, receipt: { hash, blockNumber, blockHash, gasUsed, effectiveGasPrice, logs } };
}

async function currentFees(provider: JsonRpcApiProvider): Promise<Fees> {
  const { maxFeePerGas, maxPriorityFeePerGas } = await provider.getFeeData();
  if (maxFeePerGas !== null && maxPriorityFeePerGas !== null) return { maxFeePerGas, maxPriorityFeePerGas };
  throw new ChainRefusedError("The chain does not price gas as EIP-1559 has it", {
    hint: "Gridmill needs a chain with EIP-1559 fees",
  });
}

function broadcastError(error: unknown): GridmillError {
  if (isError(error, "INSUFFICIENT_FUNDS")) return noGasMoney(undefined, error);
  return new ChainRefusedError("The node refused the transaction", {
    cause: error,
    details: { reason: (error as { code?: unknown }).code },
  });
}
