import type { Address, Hash } from "../../protocol/primitives.ts";
import type { Grid } from "../../sdk/grid.ts";
import type { Submitted } from "../../sdk/requests.ts";
import type { Cost, Settlement } from "../../sdk/settlements.ts";

/** What somebody has in all, in wei: wallet, escrow and what is locked there. */
export type Balances = ReadonlyMap<string, bigint>;

/** Reads the balances of named accounts from the chain. */
export async function balancesOf(grid: Grid, accounts: Readonly<Record<string, Address>>): Promise<Balances> {
  const entries = Object.entries(accounts).map(async ([who, address]) => {
    const { wallet, available, locked } = await grid.accounts.show(address);
    return [who, wallet + available + locked] as const;
  });
  return new Map(await Promise.all(entries));
}

export type Change = { readonly who: string; readonly before: bigint; readonly after: bigint };

export function changesOf(before: Balances, after: Balances): readonly Change[] {
  return [...before].map(([who, amount]) => ({ who, before: amount, after: after.get(who) ?? amount }));
}

/** Gas of a deal's whole life, from the receipts; `perTask` is all of it over the tasks. */
export type GasFigures = {
  readonly match: number;
  readonly seal: number;
  readonly settle: number;
  readonly perTask: number;
};

export function gasOf({ receipt }: Submitted, settlements: readonly Settlement[]): GasFigures {
  const match = Number(receipt.gasUsed);
  const seal = totalGas(settlements.map((settlement) => settlement.seal));
  const settle = totalGas(settlements.map((settlement) => settlement.settle));
  return { match, seal, settle, perTask: Math.round((match + seal + settle) / Math.max(1, settlements.length)) };
}

/** One transaction may have served several tasks: it counts once. */
function totalGas(costs: readonly (Cost | undefined)[]): number {
  const known = new Map<Hash, bigint>();
  for (const cost of costs) if (cost) known.set(cost.transactionHash, cost.gasUsed);
  return Number([...known.values()].reduce((sum, gas) => sum + gas, 0n));
}
