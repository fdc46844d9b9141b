import { expect } from "chai";

import { connectContracts } from "../../chain/contracts.ts";
import { createEventSource } from "../../chain/event-source.ts";
import { createChainReader } from "../../chain/reader.ts";
import { connectChain } from "../../chain/rpc.ts";
import { dealIdOf } from "../../protocol/deal.ts";
import type { Deal } from "../../protocol/deal.ts";
import type { Deployment } from "../../protocol/deployment.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";

/** A task that was paid for, as `TaskSettled` says it. */
export type Paid = { readonly index: number; readonly digest: Hash };

/** What the escrow holds and owes, read from the chain alone. Amounts in wei. */
export type Books = {
  readonly held: bigint;
  readonly owed: bigint;
  readonly pendingBurn: bigint;
  readonly accounts: ReadonlyMap<Address, { readonly available: bigint; readonly locked: bigint }>;
  readonly deals: readonly DealBook[];
};

/** `refunds`: how often what was open of it was given back, by a claim or because the pool declined. */
export type DealBook = {
  readonly deal: Deal;
  readonly open: boolean;
  readonly settled: readonly Paid[];
  readonly refunds: number;
};

const REFUNDS: ReadonlySet<string> = new Set(["DealClaimed", "DealDeclined"]);

/** Reads every account that the escrow ever had, and every deal. */
export async function readBooks(chainUrl: string, deployment: Deployment): Promise<Books> {
  const provider = await connectChain({ rpcUrls: [chainUrl], chainId: deployment.chainId });
  try {
    const reader = createChainReader(provider, deployment);
    const { token, escrow } = connectContracts(provider, deployment);
    const { number } = await reader.head();
    const { events } = await createEventSource({ provider, deployment }).read(deployment.block, number);
    const names = new Set(events.flatMap((event) => ("account" in event ? [event.account] : [])));
    const accounts = new Map(
      await Promise.all([...names].map(async (name) => [name, await reader.accountOf(name)] as const)),
    );
    const opened = events.flatMap((event) => (event.kind === "DealOpened" ? [event.deal] : []));
    const deals = await Promise.all(
      opened.map(async (deal) => {
        const dealId = dealIdOf(deal);
        const settled = events.flatMap((event) =>
          event.kind === "TaskSettled" && event.dealId === dealId ? [{ index: event.index, digest: event.digest }] : [],
        );
        const ends = events.filter((event) => REFUNDS.has(event.kind) && "dealId" in event && event.dealId === dealId);
        return { deal, settled, refunds: ends.length, open: (await reader.dealState(dealId)).open };
      }),
    );
    const pendingBurn = await escrow.pendingBurn();
    const owed = [...accounts.values()].reduce((sum, { available, locked }) => sum + available + locked, 0n);
    return { held: await token.balanceOf(deployment.contracts.escrow), owed, pendingBurn, accounts, deals };
  } finally {
    provider.destroy();
  }
}

/**
 * The books balance: the escrow holds what it owes and what is to be burned, no task was settled more often than it exists,
 * and what requesters and pool owners have locked belongs to open deals.
 */
export function expectBalanced({ held, owed, pendingBurn, accounts, deals }: Books): void {
  expect(held, "the escrow holds what it owes").to.equal(owed + pendingBurn);
  for (const { deal, settled } of deals) {
    expect(new Set(settled.map(({ index }) => index)), "a task is settled once").to.have.length(settled.length);
    expect(settled.length, "tasks settled of a deal").to.be.at.most(deal.volume);
  }
  const open = deals.filter((deal) => deal.open);
  for (const { deal } of deals) {
    if (open.some((other) => other.deal.payer === deal.payer)) continue;
    expect(accounts.get(deal.payer)?.locked, "locked by a requester without open deals").to.equal(0n);
  }
}

/** How many tasks of deals that should be over were not settled or refunded exactly once. */
export function lostTasks(deals: readonly DealBook[]): number {
  return deals.reduce((sum, { deal, open, settled, refunds }) => {
    const once = new Set(settled.map(({ index }) => index)).size;
    const left = deal.volume - once;
    const isGivenBackOnce = !open && refunds === 1;
    return sum + (settled.length - once) + (isGivenBackOnce || (left === 0 && refunds === 0) ? 0 : Math.max(left, 1));
  }, 0);
}
