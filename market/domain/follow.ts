import type { Clock } from "../../protocol/clock.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";

import type { ChainEvent } from "./chain-events.ts";
import type { ChainFacts } from "./chain-facts.ts";
import type { AllowanceRef, Book, Deals, OrderName } from "./ports.ts";

type FollowDeps = {
  readonly facts: ChainFacts;
  readonly book: Book;
  readonly deals: Deals;
  /** The chain's time. */
  readonly clock: Clock;
};

/** Keeps the book true to the chain. Everything here is idempotent: an event may come twice. */
export interface Follower {
  apply(event: ChainEvent): Promise<void>;
  /** Blocks above `toBlock` are gone: takes back their deals, and reads again what was read because of them. */
  rewind(toBlock: number): Promise<void>;
  /** Orders whose expiry has passed. */
  sweep(): Promise<void>;
}

type EventOf<K extends ChainEvent["kind"]> = Extract<ChainEvent, { kind: K }>;
type Handlers = { readonly [K in ChainEvent["kind"]]: (event: EventOf<K>) => Promise<void> };

/** Balances, counters and allowances are read for accounts alone that sign or pay orders of the book, uses for known orders alone. */
export function createFollower(deps: FollowDeps): Follower {
  const handlers = handlersOf(deps);
  return {
    apply: (event) => (handlers[event.kind] as (event: ChainEvent) => Promise<void>)(event),
    rewind: (toBlock) => rewind(deps, toBlock),
    sweep: () => deps.book.judge({ by: "expiry" }, deps.clock.now()),
  };
}

function handlersOf(deps: FollowDeps): Handlers {
  const { facts, book, deals, clock } = deps;
  return {
    asset: async ({ asset: kind, id, from, blockNumber }) => {
      if (from) await book.saveOwner(kind, id, from);
      await facts.asset({ kind, id }, blockNumber);
      await book.judge({ by: "asset", asset: kind, id }, clock.now());
    },
    balance: ({ account, blockNumber }) => accountChanged(deps, account, blockNumber),
    counter: ({ signer, blockNumber }) => accountChanged(deps, signer, blockNumber),
    allowance: ({ payer, requester, blockNumber }) => allowanceChanged(deps, { payer, requester }, blockNumber),
    matched: async ({ orders, blockNumber }) => ordersUsed(deps, await book.knownOrders(orders), blockNumber),
    cancelled: ({ signer, orderHash, blockNumber }) => orderGone(deps, signer, orderHash, blockNumber),
    "deal-opened": async (event) => {
      const { deal, blockNumber } = event;
      await deals.open(event);
      await orderGone(deps, deal.requester, deal.requestHash, blockNumber);
      await allowanceChanged(deps, deal, blockNumber); // a deal uses it up, and no event of its own says so
    },
    "task-settled": ({ dealId, index, digest, blockNumber }) => deals.settle(dealId, index, digest, blockNumber),
    "deal-ended": ({ dealId, status, blockNumber }) => deals.end(dealId, status, blockNumber),
  };
}

async function accountChanged({ facts, book, clock }: FollowDeps, account: Address, since: number): Promise<void> {
  if (!(await book.knowsAccount(account))) return;
  await facts.account(account, since);
  await book.judge({ by: "account", account }, clock.now());
}

async function allowanceChanged({ facts, book, clock }: FollowDeps, named: AllowanceRef, since: number): Promise<void> {
  const allowance = { payer: named.payer, requester: named.requester };
  if (!(await book.knowsAllowance(allowance))) return;
  await facts.allowance(allowance, since);
  await book.judge({ by: "account", account: allowance.payer }, clock.now());
}

/**
 * The event names an order but not its nonce, which other requests may share. Known here: those of the same nonce are
 * read again. Unknown: all open requests of the signer.
 */
async function orderGone(deps: FollowDeps, signer: Address, hash: Hash, since: number): Promise<void> {
  const [known] = await deps.book.knownOrders([hash]);
  if (known && known.kind !== "request") return ordersUsed(deps, [known], since);
  const open = await deps.book.openRequests(signer);
  const siblings = known ? open.filter(({ nonce }) => nonce === known.nonce) : open;
  await ordersUsed(deps, known ? [known, ...siblings] : siblings, since);
}

async function ordersUsed(
  { facts, book, clock }: FollowDeps,
  orders: readonly OrderName[],
  since: number,
): Promise<void> {
  for (const order of orders) {
    await facts.use(order, since);
    await book.judge({ by: "hash", hash: order.hash }, clock.now());
  }
}

/** Facts are read as of now, from the branch that won, so that reading again is all the undo they need. */
async function rewind(deps: FollowDeps, toBlock: number): Promise<void> {
  const { facts, book, deals, clock } = deps;
  await deals.rewind(toBlock);
  const touched = await book.touchedSince(toBlock);
  for (const { kind, id } of touched.assets) {
    await facts.asset({ kind, id }, toBlock);
    await book.judge({ by: "asset", asset: kind, id }, clock.now());
  }
  for (const account of touched.accounts) await accountChanged(deps, account, toBlock);
  for (const allowance of touched.allowances) await allowanceChanged(deps, allowance, toBlock);
  await ordersUsed(deps, touched.orders, toBlock);
}
