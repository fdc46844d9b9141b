import { Interface, isCallException, recoverAddress } from "ethers";
import type { JsonRpcApiProvider } from "ethers";

import type { AssetKind, ChainReader } from "../../chain/reader.ts";
import type { Address, Hash, Hex } from "../../protocol/primitives.ts";
import type { ChainAsset, ChainView } from "../domain/chain-view.ts";

const ERC1271 = new Interface(["function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)"]);
/** What a wallet contract answers to say yes: its function's own selector. */
const YES = ERC1271.getFunction("isValidSignature")!.selector;
/** As much as `Marketplace` gives it. */
const ERC1271_GAS = 100_000n;
/** The call's own gas: 21,000 and its data, of which a byte costs at most 40. */
const callGas = (data: string): bigint => ERC1271_GAS + 21_000n + BigInt(data.length) * 20n;

/** What the market asks the chain, answered by `chain/`. */
export function createChainView(reader: ChainReader, provider: JsonRpcApiProvider): ChainView {
  return {
    head: async () => (await reader.head()).number,
    time: () => reader.now(),
    asset: (kind, id) => readAsset(reader, kind, id),
    counter: (signer) => reader.counterOf(signer),
    balance: async (account) => {
      const { available, locked } = await reader.accountOf(account);
      return { available, locked };
    },
    consumed: (signer, hash) => reader.consumed(signer, hash),
    nonceUsed: (requester, nonce) => reader.nonceUsed(requester, nonce),
    allowance: (payer, requester) => reader.allowanceOf(payer, requester),
    signedBy: async (signer, hash, signature) =>
      signerOf(hash, signature) === signer ||
      (await acceptedByContract(provider, signer, hash, signature)) ||
      (await reader.approved(signer, hash)),
  };
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

async function readAsset(reader: ChainReader, kind: AssetKind, id: bigint): Promise<ChainAsset | undefined> {
  const asset = await { app: reader.appOf, dataset: reader.datasetOf, pool: reader.poolOf }[kind](id);
  if (!asset) return undefined;
  const { id: _id, ...facts } = asset;
  return facts;
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
