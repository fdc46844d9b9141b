import type { ContractTransactionReceipt, ContractTransactionResponse } from "ethers";

import { signOrder } from "../../chain/sign.ts";
import type { Address, Hash, Hex } from "../../protocol/primitives.ts";
import { estimateSettleGas } from "../../protocol/settlement.ts";
import { ethers } from "../../test/contracts/support/chain.ts";
import type { Account } from "../../test/contracts/support/chain.ts";
import { MILL, openMarketFixture } from "../../test/contracts/support/market.ts";
import type { Market } from "../../test/contracts/support/market.ts";
import { match, openDeal, ordersOf, signedOrders } from "../../test/contracts/support/orders.ts";
import type { OpenedDeal } from "../../test/contracts/support/orders.ts";
import { agreeing, roundOf, seal, settle } from "../../test/contracts/support/round.ts";
import type { Cast } from "../../test/contracts/support/round.ts";
import { LONGEST_DATA, LONGEST_DIGEST, emptyWorkers, openDealAmongStrangers, openDealWithCallback } from "./dearest.ts";

/** One line of the gas table: ours beside the reference's number and the target of design/protocol.md. */
export type GasRow = {
  readonly row: string;
  readonly gas: number;
  readonly reference: number | undefined;
  readonly target: number | undefined;
  /** For a settle: what `estimateSettleGas` says, which is never less. */
  readonly estimate?: number;
};

const BATCH = 100;
const VOTES = 3;
/** Of the dearest kinds. */
const FEW = 20;
/** The first of a word of nonces that nothing else uses. */
const NONCES = 2n ** 32n;

/** Every row whose functions exist, measured on a fresh market with all accounts in use. */
export async function measureRows(): Promise<readonly GasRow[]> {
  const market = await openMarketFixture();
  await warmUp(market);
  const opening = await gasOf(matchOnce(market, NONCES + 1n));
  const requesters = await requestersOf(market, BATCH);
  const first = await gasOf(matchTogether(market, requesters, () => NONCES));
  const later = await gasOf(matchTogether(market, requesters, () => NONCES + 1n));
  const oneRequester = Array<Requester>(BATCH).fill(market.requester);
  const ofOne = await gasOf(matchTogether(market, oneRequester, (index) => NONCES + 256n + BigInt(index)));
  const ownDeals = await wholeTasks(market, await severalDeals(market, BATCH));
  const oneDeal = await wholeTasks(market, await oneDealOf(market, BATCH));
  const alone = await wholeTasks(market, await oneDealOf(market, 1));
  return [
    row("deal of volume 1 opened alone, no dataset", opening, 559_134, 150_000),
    row(
      `deal opened in a batch of ${BATCH} of as many requesters, the first of each`,
      first / BigInt(BATCH),
      559_134,
      75_000,
    ),
    row(`deal opened in a batch of ${BATCH} of as many requesters, later`, later / BigInt(BATCH), 559_134, 55_000),
    row(`deal opened in a batch of ${BATCH} of one requester`, ofOne / BigInt(BATCH), 559_134),
    row(
      `whole task, ${VOTES} votes, batch of ${BATCH} in one deal, 10 workers`,
      perTask(oneDeal, BATCH),
      1_620_000,
      20_000,
    ),
    row(
      `whole task, ${VOTES} votes, own deal of volume 1, batch of ${BATCH}`,
      perTask(ownDeals, BATCH),
      1_620_000,
      40_000,
    ),
    row(`whole task, ${VOTES} votes, alone in its epoch`, perTask(alone, 1), 1_620_000, 200_000),
    row("register an app", await gasOf(register(market)), 557_922, 150_000),
    row("seal, 3 ballots", alone.seal),
    settleRow("1 task of 3 votes", alone),
    settleRow(`${BATCH} tasks of 3 votes in one deal`, oneDeal),
    settleRow(`${BATCH} tasks of 3 votes in deals of their own`, ownDeals),
    row("deposit", await gasOf(market.escrow.connect(market.holder).deposit(1n)), 62_577),
    row("withdraw", await gasOf(market.escrow.connect(market.requester).withdraw(1n)), 57_097),
    row("bond", await gasOf(market.hub.connect(market.workers[0]).bond(1n))),
    row("approve an app order", await gasOf(approve(market)), 78_448),
    row("cancel a request order", await gasOf(cancel(market)), 68_161),
    ...(await dearestRows(market)),
  ];
}

async function dearestRows(market: Market): Promise<readonly GasRow[]> {
  const callbacks = await roundWithCallbacks(market);
  const strangers = await tasksAmongStrangers(market);
  await emptyWorkers(market);
  return [
    settleRow(`${FEW} callbacks that use up their gas on the longest data`, callbacks),
    settleRow(`${FEW} own deals, all parties distinct and empty, with dataset`, await wholeTasks(market, strangers)),
  ];
}

function settleRow(name: string, { settle: gas, estimate }: RoundGas): GasRow {
  return { ...row(`settle, ${name}`, gas), estimate: Number(estimate) };
}

function row(name: string, gas: bigint, reference?: number, target?: number): GasRow {
  return { row: name, gas: Number(gas), reference, target };
}

type RoundGas = { readonly seal: bigint; readonly settle: bigint; readonly estimate: bigint };

function perTask({ seal: sealing, settle: settling }: RoundGas, tasks: number): bigint {
  return (sealing + settling) / BigInt(tasks);
}

/** Every balance, score and epoch slot has been written once before anything is measured. */
async function warmUp(market: Market): Promise<void> {
  await market.escrow.connect(market.holder).deposit(1_000n);
  await register(market);
  await wholeTasks(market, await oneDealOf(market, 10));
  await matchOnce(market, NONCES);
}

async function gasOf(sending: Promise<ContractTransactionResponse>): Promise<bigint> {
  const receipt: ContractTransactionReceipt | null = await (await sending).wait();
  return receipt!.gasUsed;
}

async function matchOnce(market: Market, nonce: bigint): Promise<ContractTransactionResponse> {
  return match(market, await signedOrders(market, ordersOf(market, { request: { nonce } })));
}

type Requester = Pick<Account, "address" | "signTypedData">;

/** People with money in the escrow, who have not used any nonce. */
async function requestersOf(market: Market, count: number): Promise<readonly Requester[]> {
  const people = Array.from({ length: count }, (_unused, index) => new ethers.Wallet(ethers.id(`requester ${index}`)));
  for (const { address } of people) await market.escrow.connect(market.holder).depositFor(address, 1_000n * MILL);
  return people;
}

/** One request of each of these people, with these nonces. */
async function matchTogether(
  market: Market,
  requesters: readonly Requester[],
  nonceOf: (index: number) => bigint,
): Promise<ContractTransactionResponse> {
  const { app, dataset, pool } = await signedOrders(market, ordersOf(market, { dataset: { dataset: 0n } }));
  const signed = requesters.map(async (requester, index) => {
    const self = requester.address.toLowerCase() as Address;
    const own = { requester: self, payer: self, beneficiary: self, nonce: nonceOf(index) };
    const { request: order } = ordersOf(market, { request: own });
    return { order, signature: await signOrder("request", order, requester, market.orderDomain) };
  });
  return market.marketplace.matchBatch(app, dataset, pool, await Promise.all(signed));
}

function register(market: Market): Promise<ContractTransactionResponse> {
  return market.appRegistry.connect(market.appOwner).register("registry.example/gridmill/render", ethers.id("image"));
}

function approve(market: Market): Promise<ContractTransactionResponse> {
  return market.marketplace.connect(market.appOwner).approveAppOrder(ordersOf(market).app);
}

function cancel(market: Market): Promise<ContractTransactionResponse> {
  return market.marketplace
    .connect(market.requester)
    .cancelRequestOrder(ordersOf(market, { request: { nonce: NONCES + 2n } }).request);
}

type Task = { readonly opened: OpenedDeal; readonly index: number };

async function oneDealOf(market: Market, volume: number): Promise<readonly Task[]> {
  const opened = await openDeal(market, { request: { volume } });
  return Array.from({ length: volume }, (_unused, index) => ({ opened, index }));
}

async function severalDeals(market: Market, count: number): Promise<readonly Task[]> {
  const tasks: Task[] = [];
  for (let i = 0; i < count; i++) tasks.push({ opened: await openDeal(market), index: 0 });
  return tasks;
}

async function tasksAmongStrangers(market: Market): Promise<readonly Task[]> {
  const tasks: Task[] = [];
  for (let i = 0; i < FEW; i++) tasks.push({ opened: await openDealAmongStrangers(market), index: 0 });
  return tasks;
}

/** Seals and settles these tasks, each by three of the ten workers in turn, each with an answer of its own. */
async function wholeTasks(market: Market, tasks: readonly Task[]): Promise<RoundGas> {
  const casts = tasks.flatMap(({ opened, index }, place): Cast[] => {
    const voters = Array.from({ length: VOTES }, (_unused, i) => market.workers[(place * VOTES + i) % 10]!);
    return agreeing(voters, opened, ethers.id(`answer ${place}`) as Hash, index);
  });
  return wholeRound(market, casts);
}

async function roundWithCallbacks(market: Market): Promise<RoundGas> {
  const opened = await openDealWithCallback(market, FEW);
  const voters = market.workers.slice(0, VOTES);
  const casts = Array.from({ length: FEW }, (_unused, index) => agreeing(voters, opened, LONGEST_DIGEST, index));
  return wholeRound(market, casts.flat(), Array<Hex>(FEW).fill(LONGEST_DATA));
}

async function wholeRound(market: Market, casts: readonly Cast[], callbacks: readonly Hex[] = []): Promise<RoundGas> {
  const round = await roundOf(market, casts, { callbacks });
  const estimate = estimateSettleGas({
    deals: round.deals.length,
    tasks: casts.length / VOTES,
    votes: casts.length,
    ballots: round.ballots.length,
    callbacks: callbacks.length,
  });
  return { seal: await gasOf(seal(market, round)), settle: await gasOf(settle(market, round)), estimate };
}
