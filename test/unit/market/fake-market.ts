import type { BookOrder } from "../../../protocol/market-api.ts";
import type { Address, Hash } from "../../../protocol/primitives.ts";
import type { ChainView } from "../../../market/domain/chain-view.ts";
import type { Book, Deals, NewOrder, OrderName } from "../../../market/domain/ports.ts";

/** A chain whose answers a test sets. */
export function fakeChain(answers: Partial<ChainView> = {}): ChainView {
  return {
    head: async () => 10,
    time: async () => 1_000,
    asset: async () => undefined,
    counter: async () => 0n,
    balance: async () => ({ available: 0n, locked: 0n }),
    consumed: async () => 0n,
    nonceUsed: async () => false,
    allowance: async () => 0n,
    signedBy: async () => true,
    ...answers,
  };
}

/** A book that writes down what it is told, as `method argument…`. */
export function fakeBook(answers: Partial<Book> = {}): Book & { readonly told: readonly string[] } {
  const told: string[] = [];
  const orders = new Map<Hash, NewOrder>();
  const tell = (...words: readonly unknown[]): void => void told.push(words.map(String).join(" "));
  return {
    told,
    find: async (hash) => orders.get(hash) as unknown as BookOrder | undefined,
    countOpen: async () => 0,
    insert: async (order) => {
      tell("insert", order.kind);
      orders.set(order.hash, order);
    },
    saveAccount: async (account, { available, counter }, block) => tell("account", account, available, counter, block),
    saveAsset: async (kind, id, asset, block) => tell("asset", kind, id, asset?.owner, block),
    saveAllowance: async ({ payer, requester }, amount, block) => tell("allowance", payer, requester, amount, block),
    knowsAllowance: async () => false,
    saveUse: async (hash, { consumed, nonceUsed }, block) => tell("use", hash, consumed, nonceUsed, block),
    judge: async (selector) => tell("judge", ...Object.values<unknown>(selector)),
    knowsAccount: async () => true,
    knownOrders: async () => [],
    openRequests: async () => [],
    touchedSince: async () => ({ orders: [], accounts: [], assets: [], allowances: [] }),
    wasOwner: async () => false,
    saveOwner: async () => {},
    ...answers,
  };
}

export function fakeDeals(): Deals & { readonly told: readonly string[] } {
  const told: string[] = [];
  return {
    told,
    open: async ({ dealId }) => void told.push(`open ${dealId}`),
    settle: async (dealId, index) => void told.push(`settle ${dealId} ${index}`),
    end: async (dealId, status) => void told.push(`end ${dealId} ${status}`),
    rewind: async (block) => void told.push(`rewind ${block}`),
  };
}

export const ask = (hash: Hash, signer: Address): OrderName => ({ hash, kind: "app", signer });
export const request = (hash: Hash, signer: Address, nonce: bigint): OrderName => ({
  hash,
  kind: "request",
  signer,
  nonce,
});
