import type { Address } from "../../protocol/primitives.ts";

import type { ChainView } from "./chain-view.ts";
import { NodeBehindError } from "./errors.ts";
import type { AssetRef } from "./order-terms.ts";
import type { AllowanceRef, Book, OrderName } from "./ports.ts";

type FactsDeps = { readonly chain: ChainView; readonly book: Book };

/**
 * Reads what the chain says about an account, an asset, an order's use or an allowance, and stores it with the number of a block that
 * is not older than what was read: a rewind below that block reads again. `since` is the block that made us ask.
 * Each throws NodeBehindError when the node has not got that block.
 */
export interface ChainFacts {
  account(account: Address, since: number): Promise<void>;
  asset(asset: AssetRef, since: number): Promise<void>;
  use(order: OrderName, since: number): Promise<void>;
  allowance(allowance: AllowanceRef, since: number): Promise<void>;
}

export function createChainFacts({ chain, book }: FactsDeps): ChainFacts {
  /** Asked before, the head says that the answer is new enough; asked after, that the answer is not newer. */
  async function read<T>(since: number, question: () => Promise<T>): Promise<{ answer: T; block: number }> {
    const [head, answer] = await Promise.all([chain.head(), question()]);
    if (head < since) {
      throw new NodeBehindError(`The node is at block ${head} and knows nothing of block ${since}`, {
        hint: "It is asked again; if this lasts, use another node",
      });
    }
    return { answer, block: await chain.head() };
  }

  return {
    async account(account, since) {
      const question = () => Promise.all([chain.counter(account), chain.balance(account)]);
      const { answer, block } = await read(since, question);
      await book.saveAccount(account, { counter: answer[0], available: answer[1].available }, block);
    },
    async asset({ kind, id }, since) {
      const { answer, block } = await read(since, () => chain.asset(kind, id));
      await book.saveAsset(kind, id, answer, block);
      if (answer) await book.saveOwner(kind, id, answer.owner);
    },
    async use({ kind, hash, signer, nonce }, since) {
      const question = async () => ({
        consumed: kind === "request" ? 0n : await chain.consumed(signer, hash),
        nonceUsed: nonce === undefined ? false : await chain.nonceUsed(signer, nonce),
      });
      const { answer, block } = await read(since, question);
      await book.saveUse(hash, answer, block);
    },
    async allowance({ payer, requester }, since) {
      const { answer, block } = await read(since, () => chain.allowance(payer, requester));
      await book.saveAllowance({ payer, requester }, answer, block);
    },
  };
}
