/** Epochs to be measured: who votes on what, and what seal and settle cost. */
import type { ContractTransactionResponse } from "ethers";

import { SETTLE_WINDOW_SECONDS, TRANSACTION_GAS_CAP } from "../../protocol/constants.ts";
import { dealIdOf } from "../../protocol/deal.ts";
import type { Hash, Hex } from "../../protocol/primitives.ts";
import { estimateSettleGas } from "../../protocol/settlement.ts";
import { matchBatch, outcomeOf, requests } from "../../test/contracts/support/batch.ts";
import { ethers, time } from "../../test/contracts/support/chain.ts";
import type { Account } from "../../test/contracts/support/chain.ts";
import type { Market } from "../../test/contracts/support/market.ts";
import { openDeal } from "../../test/contracts/support/orders.ts";
import type { OpenedDeal } from "../../test/contracts/support/orders.ts";
import { agreeing, roundOf, seal, settle } from "../../test/contracts/support/round.ts";
import type { Cast, KeptTask, Round } from "../../test/contracts/support/round.ts";
import { gasOf } from "./row.ts";

export type Task = { readonly opened: OpenedDeal; readonly index: number };
export type RoundGas = { readonly seal: bigint; readonly settle: bigint; readonly estimate: bigint };

/** Deals opened in one transaction. */
const CHUNK = 100;
/** Two newcomers decide. */
const TRUST = 3;

export async function oneDealOf(market: Market, volume: number, trust = TRUST): Promise<readonly Task[]> {
  const opened = await openDeal(market, { request: { volume, trust } });
  return Array.from({ length: volume }, (_unused, index) => ({ opened, index }));
}

export async function severalDeals(market: Market, count: number, trust = TRUST): Promise<readonly Task[]> {
  const tasks: Task[] = [];
  while (tasks.length < count) {
    const signed = await requests(market, Array(Math.min(CHUNK, count - tasks.length)).fill({ trust }));
    const { deals } = await outcomeOf(market, await matchBatch(market, signed));
    tasks.push(...deals.map((deal) => ({ opened: { deal, dealId: dealIdOf(deal) }, index: 0 })));
  }
  return tasks;
}

/** Each task is voted on by `votes` of the workers in turn, and has an answer of its own. */
export function castsOn(tasks: readonly Task[], workers: readonly Account[], votes: number): readonly Cast[] {
  return tasks.flatMap(({ opened, index }, place) => {
    const voters = Array.from({ length: votes }, (_unused, i) => workers[(place * votes + i) % workers.length]!);
    return agreeing(voters, opened, ethers.id(`answer ${place}`) as Hash, index);
  });
}

type RoundParts = {
  readonly casts: readonly Cast[];
  readonly kept?: readonly KeptTask[];
  readonly callbacks?: readonly Hex[];
  /** Whether the tasks will stay open. */
  readonly open?: boolean;
};

/** Seals and settles these votes. */
export async function wholeRound(market: Market, parts: RoundParts): Promise<RoundGas> {
  const { settling, ...gas } = await playRound(market, parts);
  return { ...gas, settle: await gasOf(Promise.resolve(settling)) };
}

/** The same, unless it does not fit into a transaction: then its epoch is abandoned. */
export async function roundThatFits(market: Market, casts: readonly Cast[]): Promise<RoundGas | undefined> {
  try {
    const gas = await wholeRound(market, { casts });
    return gas.settle > TRANSACTION_GAS_CAP ? undefined : gas;
  } catch {
    await time.increase(SETTLE_WINDOW_SECONDS + 1);
    return undefined;
  }
}

/** The same, with the settle's transaction itself. */
export async function playRound(
  market: Market,
  { casts, kept = [], callbacks = [], open = false }: RoundParts,
): Promise<{ readonly settling: ContractTransactionResponse } & Omit<RoundGas, "settle">> {
  const round = await roundOf(market, casts, { kept, callbacks });
  const sealing = await gasOf(seal(market, round));
  return { seal: sealing, settling: await settle(market, round), estimate: estimateOf(round, casts, kept, open) };
}

function estimateOf(
  { deals, ballots, callbacks }: Round,
  casts: readonly Cast[],
  kept: readonly KeptTask[],
  open: boolean,
): bigint {
  const tasks = new Set([...casts, ...kept].map(({ opened, index = 0 }) => `${opened.dealId} ${index}`));
  return estimateSettleGas({
    deals: deals.length,
    tasks: tasks.size,
    votes: casts.length + kept.reduce((sum, { votes }) => sum + votes.length, 0),
    ballots: ballots.length,
    callbacks: callbacks.length,
    open,
  });
}
