import { Interface, isCallException, recoverAddress } from "ethers";
import type { JsonRpcApiProvider } from "ethers";

import type { SigningDomain } from "../protocol/orders.ts";
import { ownershipHash } from "../protocol/ownership.ts";
import type { OwnerClaim } from "../protocol/ownership.ts";
import type { Address, Hash, Hex } from "../protocol/primitives.ts";

const ERC1271 = new Interface(["function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)"]);
/** What a wallet contract answers to say yes: its function's own selector. */
const YES = ERC1271.getFunction("isValidSignature")!.selector;
/** As much as `Marketplace` gives it. */
const ERC1271_GAS = 100_000n;
/** The call's own gas: 21,000 and its data, of which a byte costs at most 40. */
const callGas = (data: string): bigint => ERC1271_GAS + 21_000n + BigInt(data.length) * 20n;

/** Whether an account signed this hash: by its key, or, where it is a contract, by ERC-1271. A node that fails throws. */
export async function isSignedBy(
  provider: JsonRpcApiProvider,
  signer: Address,
  hash: Hash,
  signature: Hex,
): Promise<boolean> {
  return signerOf(hash, signature) === signer || (await acceptedByContract(provider, signer, hash, signature));
}

/** Whether an account is the owner of a worker, as a claim says. A node that fails throws. */
export type OwnerCheck = (worker: Address, claim: OwnerClaim) => Promise<boolean>;

/** @param domain that of `Hub` */
export function createOwnerCheck(provider: JsonRpcApiProvider, domain: SigningDomain): OwnerCheck {
  return (worker, { owner, signature }) =>
    isSignedBy(provider, owner, ownershipHash({ owner, worker }, domain), signature);
}

/** Who signed this hash (64 or 65 bytes), lower case; undefined when it is no ECDSA signature. */
export function signerOf(hash: Hash, signature: Hex): Address | undefined {
  if (signature.length !== 130 && signature.length !== 132) return undefined;
  try {
    return recoverAddress(hash, signature).toLowerCase() as Address;
  } catch {
    return undefined;
  }
}

/** A revert, and whatever an account that is no contract answers, mean no; a node that fails throws. */
async function acceptedByContract(
  provider: JsonRpcApiProvider,
  signer: Address,
  hash: Hash,
  signature: Hex,
): Promise<boolean> {
  const data = ERC1271.encodeFunctionData("isValidSignature", [hash, signature]);
  try {
    const answer = await provider.call({ to: signer, data, gasLimit: callGas(data) });
    return answer.length >= 66 && answer.slice(0, 66) === YES.padEnd(66, "0");
  } catch (error) {
    if (isCallException(error)) return false;
    throw error;
  }
}
