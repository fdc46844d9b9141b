/** The largest batches that fit into one transaction. */
import type { ContractTransactionResponse } from "ethers";
import { TRANSACTION_GAS_CAP } from "../../protocol/constants.ts";
import type { Market } from "../../test/contracts/support/market.ts";
import { matchTogether, requestersOf } from "./opening.ts";
import type { Requester } from "./opening.ts";
import { castsOn, oneDealOf, roundThatFits, severalDeals } from "./rounds.ts";
import type { Task } from "./rounds.ts";
import { gasOf } from "./row.ts";

const CAP = Number(TRANSACTION_GAS_CAP);
const VOTES = 3;
/** Two sizes far enough apart to tell what one more costs. */
const [SMALL, LARGE] = [50, 150];
/** A batch that is this much larger than what fits does not fit. */
const STEP = 0.01;

/** Tasks of three votes, or requests, that one transaction holds under the cap; each number was really sent. */
export type MaxBatch = Readonly<
  Record<"settleOneDeal" | "settleOwnDeals" | "matchOneRequester" | "matchRequesters", number>
>;

export async function measureMaxBatch(market: Market): Promise<MaxBatch> {
  const settling = (open: (market: Market, count: number) => Promise<readonly Task[]>) => async (count: number) => {
    const casts = castsOn(await open(market, count), market.workers, VOTES);
    const gas = await roundThatFits(market, casts);
    return gas && Number(gas.settle);
  };
  // Words of nonces that nothing else uses.
  let nonces = 2n ** 64n;
  const one = (count: number): Promise<number | undefined> => {
    nonces += 2n ** 32n;
    const people = Array<Requester>(count).fill(market.requester);
    return matchThatFits(matchTogether(market, people, (index) => nonces + BigInt(index)));
  };
  const many = async (count: number): Promise<number | undefined> => {
    nonces += 2n ** 32n;
    return matchThatFits(matchTogether(market, await requestersOf(market, count), () => nonces));
  };
  return {
    settleOneDeal: await largest(settling(oneDealOf)),
    settleOwnDeals: await largest(settling(severalDeals)),
    matchOneRequester: await largest(one),
    matchRequesters: await largest(many),
  };
}

/** Guesses by a straight line, then goes down until the batch fits. */
async function largest(gasFor: (count: number) => Promise<number | undefined>): Promise<number> {
  const [small, large] = [(await gasFor(SMALL))!, (await gasFor(LARGE))!];
  const each = (large - small) / (LARGE - SMALL);
  let count = Math.floor(LARGE + (CAP - large) / each);
  while ((await gasFor(count)) === undefined) count = Math.floor(count * (1 - STEP));
  return count;
}

/** Undefined where the batch does not fit. */
async function matchThatFits(sending: Promise<ContractTransactionResponse>): Promise<number | undefined> {
  const gas = Number(await gasOf(sending).catch(() => CAP + 1));
  return gas > CAP ? undefined : gas;
}
