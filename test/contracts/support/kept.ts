import type { ContractTransactionResponse } from "ethers";

import { taskIdOf } from "../../../protocol/deal.ts";
import type { Address, Hash } from "../../../protocol/primitives.ts";
import type { CarriedVote } from "../../../protocol/settlement.ts";
import { time } from "./chain.ts";
import type { Account } from "./chain.ts";
import { openMarketFixture } from "./market.ts";
import type { Market } from "./market.ts";
import { addressOf, openDeal } from "./orders.ts";
import type { OpenedDeal } from "./orders.ts";
import { RIGHT, WRONG, agreeing, roundOf, seal, secretOf, settle, settleVotes } from "./round.ts";
import type { Cast, KeptTask } from "./round.ts";

/** The votes that a settle kept of one task, as its event tells them. */
export async function keptBy(
  market: Market,
  tx: ContractTransactionResponse,
  opened: OpenedDeal,
  index = 0,
): Promise<KeptTask> {
  const receipt = await tx.wait();
  const events = receipt!.logs.map((log) => market.hub.interface.parseLog(log));
  const event = events.find(
    (each) => each?.name === "TaskKept" && each.args[0] === opened.dealId && each.args[1] === BigInt(index),
  );
  if (!event) throw new Error(`the settle kept no votes of task ${index} of ${opened.dealId}`);
  const votes = (event.args[2] as readonly [string, boolean, Hash][]).map(([worker, isSealed, word]) => ({
    ...{ worker: worker.toLowerCase() as Address, isSealed, word },
  }));
  return { opened, index, votes };
}

/** The same votes, of which those of `workers` are opened. */
export function opening(kept: KeptTask, digest: Hash, ...workers: readonly Account[]): KeptTask {
  const votes = kept.votes.map((vote): CarriedVote => {
    const worker = workers.find((each) => addressOf(each) === vote.worker);
    return worker ? { ...vote, opening: { digest, secret: secretOf(worker) } } : vote;
  });
  return { ...kept, votes };
}

/** A vote that its worker does not open. */
export const silent = (worker: Account, opened: OpenedDeal, digest = RIGHT): Cast => ({
  ...{ worker, opened, digest, silent: true },
});

/** Two disagree: nobody has the odds. */
export async function disagreementFixture() {
  const market = await openMarketFixture();
  const opened = await openDeal(market, { request: { trust: 2, volume: 2 } });
  const [first, liar, third, fourth] = market.workers as [Account, Account, Account, Account];
  const tx = await settleVotes(market, [
    { worker: first, opened, digest: RIGHT },
    { worker: liar, opened, digest: WRONG },
  ]);
  const kept = await keptBy(market, tx, opened);
  return { market, opened, first, liar, third, fourth, kept, tx };
}

/** Two agree, and a third does not open its vote. */
export async function silenceFixture() {
  const market = await openMarketFixture();
  const opened = await openDeal(market, { request: { trust: 2 } });
  const [first, second, mute, fourth] = market.workers as [Account, Account, Account, Account];
  const tx = await settleVotes(market, [...agreeing([first, second], opened), silent(mute, opened, WRONG)]);
  const kept = await keptBy(market, tx, opened);
  const { keptAt } = await market.hub.keptVotesOf(taskIdOf(opened.dealId, 0));
  return { market, opened, first, second, mute, fourth, kept, keptAt: Number(keptAt) };
}

/** Settles in the given second, from an epoch sealed in the second before. */
export async function settleAt(market: Market, at: number, casts: readonly Cast[], kept: readonly KeptTask[]) {
  const round = await roundOf(market, casts, { kept });
  await time.setNextBlockTimestamp(at - 1);
  await seal(market, round);
  await time.setNextBlockTimestamp(at);
  return settle(market, round);
}

export const bondOf = async (market: Market, worker: Account): Promise<bigint> =>
  (await market.hub.workerOf(worker)).bonded;
