import { isCallException, isError } from "ethers";
import type { JsonRpcApiProvider, TransactionRequest } from "ethers";

import { TRANSACTION_GAS_CAP } from "../protocol/constants.ts";
import { GridmillError } from "../protocol/errors.ts";
import type { Address, Hex } from "../protocol/primitives.ts";
import { ChainRefusedError, NoGasMoneyError } from "./errors.ts";
import type { Call } from "./intent.ts";
import { revertError } from "./revert-errors.ts";

/**
 * The gas that a call uses on the newest block.
 * @throws the mapped error of the revert; NoGasMoneyError | ChainRefusedError
 */
export async function estimateGas(provider: JsonRpcApiProvider, call: Call, from: Address): Promise<bigint> {
  try {
    return await provider.estimateGas(requestOf(call, from));
  } catch (error) {
    if (error instanceof GridmillError) throw error;
    if (isError(error, "INSUFFICIENT_FUNDS")) throw noGasMoney(from, error);
    if (isCallException(error) && error.data !== null) throw revertError(error.data as Hex, error);
    throw new ChainRefusedError("The node refused to simulate the transaction", { cause: error });
  }
}

/** What a call reverts with as of a block; undefined when it does not, or the node cannot tell. */
export async function revertDataOf(
  provider: JsonRpcApiProvider,
  call: Call,
  from: Address,
  block: number,
): Promise<Hex | undefined> {
  try {
    await provider.call({ ...requestOf(call, from), blockTag: block });
    return undefined;
  } catch (error) {
    if (isCallException(error)) return (error.data as Hex | null) ?? undefined;
    throw error;
  }
}

/**
 * The limit for a transaction that used `gas` when it was simulated: state may change a little before it is mined.
 * @param extra what it may use besides
 */
export function gasLimitFor(gas: bigint, extra = 0n): bigint {
  const reserved = (gas * 5n) / 4n + extra;
  return reserved > TRANSACTION_GAS_CAP ? TRANSACTION_GAS_CAP : reserved;
}

export function noGasMoney(account: Address | undefined, cause?: unknown, details: object = {}): NoGasMoneyError {
  return new NoGasMoneyError(`${account ?? "The account"} cannot pay for the gas`, {
    cause,
    details: { account, ...details },
    hint: "Send it some of the chain's own currency; this is not MILL",
  });
}

/** A given limit is what the transaction will have, so it has to suffice in the simulation too. */
function requestOf({ to, data, value = 0n, gasLimit }: Call, from: Address): TransactionRequest {
  return { from, to: to ?? null, data, value, gasLimit: gasLimit ?? null };
}
