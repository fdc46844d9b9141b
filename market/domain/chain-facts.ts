import type { Address } from "../../protocol/primitives.ts";

import type { ChainView } from "./chain-view.ts";
import type { AssetRef } from "./order-terms.ts";
import type { Book, OrderName } from "./ports.ts";

export type FactsDeps = { readonly chain: ChainView; readonly book: Book };

/**
 * Reads what the chain says about an account, an asset or an order's use, and stores it with the number of a block that
 * is not older than what was read: a rewind below that block reads again.
 */
export interface ChainFacts {
  account(account: Address): Promise<void>;
  asset(asset: AssetRef): Promise<void>;
  use(order: OrderName): Promise<void>;
}

export function createChainFacts({ chain, book }: FactsDeps): ChainFacts {
  return {
    async account(account) {
      const [counter, balance] = await Promise.all([chain.counter(account), chain.balance(account)]);
      await book.saveAccount(account, { counter, available: balance.available }, await chain.head());
    },
    async asset({ kind, id }) {
      const asset = await chain.asset(kind, id);
      await book.saveAsset(kind, id, asset, await chain.head());
      if (asset) await book.saveOwner(kind, id, asset.owner);
    },
    async use(order) {
      const consumed = order.kind === "request" ? 0n : await chain.consumed(order.signer, order.hash);
      const nonceUsed = order.nonce === undefined ? false : await chain.nonceUsed(order.signer, order.nonce);
      await book.saveUse(order.hash, { consumed, nonceUsed }, await chain.head());
    },
  };
}
