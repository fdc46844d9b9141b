import type { JsonRpcApiProvider } from "ethers";

import type { AssetKind, ChainReader } from "../../chain/reader.ts";
import { isSignedBy } from "../../chain/signed-by.ts";
import type { ChainAsset, ChainView } from "../domain/chain-view.ts";

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
      (await isSignedBy(provider, signer, hash, signature)) || (await reader.approved(signer, hash)),
  };
}

async function readAsset(reader: ChainReader, kind: AssetKind, id: bigint): Promise<ChainAsset | undefined> {
  const asset = await { app: reader.appOf, dataset: reader.datasetOf, pool: reader.poolOf }[kind](id);
  if (!asset) return undefined;
  const { id: _id, ...facts } = asset;
  return facts;
}
