import type { Receipt } from "../chain/intent.ts";
import type { Address } from "../protocol/primitives.ts";

import { readEvents, wordOf } from "./chain-logs.ts";
import { once, send } from "./grid-context.ts";
import type { GridContext } from "./grid-context.ts";

/** How much of a payer's money a requester may still spend, in wei; 2^256 - 1 is not counted down. */
export type Allowance = { readonly payer: Address; readonly requester: Address; readonly amount: bigint };

/** Who may name whom as payer of its requests. */
export interface Allowances {
  /**
   * Lets `requester` name the signer as payer of its requests, up to `amount` wei in all from now on, whatever it was
   * before; 0 takes it back. What deals give back goes to the payer and does not raise it.
   */
  allow(requester: Address, amount: bigint, signal?: AbortSignal): Promise<Receipt>;
  /** All that the account allows others, and others allow it; without what was taken back or used up. */
  of(account: Address): Promise<readonly Allowance[]>;
}

export function createAllowances(context: GridContext): Allowances {
  const { calls } = context;
  return {
    allow: (requester, amount, signal) => send(context, once("allow"), calls.allow(requester, amount), signal),
    of: (account) => allowancesOf(context, account),
  };
}

async function allowancesOf(context: GridContext, account: Address): Promise<readonly Allowance[]> {
  const { reader, network } = context;
  const query = { kind: "AllowanceSet", fromBlock: network.deployment.block } as const;
  const word = wordOf(BigInt(account));
  const events = await Promise.all([
    readEvents(context, { ...query, first: word }),
    readEvents(context, { ...query, second: word }),
  ]);
  const pairs = new Map(events.flat().map(({ payer, requester }) => [`${payer} ${requester}`, { payer, requester }]));
  const now = [...pairs.values()].map(async ({ payer, requester }) => {
    return { payer, requester, amount: await reader.allowanceOf(payer, requester) };
  });
  return (await Promise.all(now)).filter(({ amount }) => amount > 0n);
}
