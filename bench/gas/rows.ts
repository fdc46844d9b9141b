import type { ContractTransactionResponse } from "ethers";

import type { Hex } from "../../protocol/primitives.ts";
import { ethers } from "../../test/contracts/support/chain.ts";
import { openMarketFixture } from "../../test/contracts/support/market.ts";
import type { Market } from "../../test/contracts/support/market.ts";
import { ordersOf } from "../../test/contracts/support/orders.ts";
import { agreeing } from "../../test/contracts/support/round.ts";
import { LONGEST_DATA, LONGEST_DIGEST, emptyWorkers, openDealAmongStrangers, openDealWithCallback } from "./dearest.ts";
import { keepingRows } from "./keeping.ts";
import { closingRows, openingRows } from "./opening.ts";
import { castsOn, oneDealOf, severalDeals, wholeRound } from "./rounds.ts";
import type { RoundGas, Task } from "./rounds.ts";
import { REFERENCE_TASK, gasOf, row } from "./row.ts";
import type { GasRow } from "./row.ts";
import { crowdOf } from "./matrix.ts";

const BATCH = 100;
const VOTES = 3;
/** Of the dearest kinds. */
const FEW = 20;

/** The rows of which `snapshots/gas.json` is made, measured on a fresh market with all accounts in use. */
export async function measureRows(): Promise<readonly GasRow[]> {
  const market = await openMarketFixture();
  await warmUp(market);
  const opening = await openingRows(market);
  const ownDeals = await wholeTasks(market, await severalDeals(market, BATCH));
  const oneDeal = await wholeTasks(market, await oneDealOf(market, BATCH));
  const alone = await wholeTasks(market, await oneDealOf(market, 1));
  return [
    ...opening,
    wholeTask(`batch of ${BATCH} in one deal, 10 workers`, oneDeal, BATCH, 20_000),
    wholeTask(`own deal of volume 1, batch of ${BATCH}`, ownDeals, BATCH, 40_000),
    wholeTask("alone in its epoch", alone, 1, 200_000),
    row("register an app", await gasOf(register(market)), { reference: 557_922, target: 150_000 }),
    row("seal, 3 ballots", alone.seal),
    ...(await sealRows(market)),
    settleRow("1 task of 3 votes", alone),
    settleRow(`${BATCH} tasks of 3 votes in one deal`, oneDeal),
    settleRow(`${BATCH} tasks of 3 votes in deals of their own`, ownDeals),
    ...(await keepingRows(market)),
    ...(await moneyRows(market)),
    ...(await closingRows(market)),
    ...(await dearestRows(market)),
  ];
}

async function moneyRows(market: Market): Promise<readonly GasRow[]> {
  const { escrow, hub, holder, requester, workers } = market;
  return [
    row("deposit", await gasOf(escrow.connect(holder).deposit(1n)), { reference: 62_577 }),
    row("withdraw", await gasOf(escrow.connect(requester).withdraw(1n)), { reference: 57_097 }),
    row("bond", await gasOf(hub.connect(workers[0]).bond(1n))),
    row("unbond", await gasOf(hub.connect(workers[0]).unbond(1n))),
    row("approve an app order", await gasOf(approve(market)), { reference: 78_448 }),
    row("cancel a request order", await gasOf(cancel(market)), { reference: 68_161 }),
  ];
}

async function sealRows(market: Market): Promise<readonly GasRow[]> {
  const rows: GasRow[] = [];
  for (const workers of [market.workers, await crowdOf(market, BATCH)]) {
    const { seal } = await wholeRound(market, { casts: castsOn(await oneDealOf(market, BATCH), workers, VOTES) });
    rows.push(row(`seal, ${workers.length} ballots`, seal));
  }
  return rows;
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
  return row(`settle, ${name}`, gas, { estimate: Number(estimate) });
}

function wholeTask(name: string, gas: RoundGas, tasks: number, target: number): GasRow {
  const reference = REFERENCE_TASK[VOTES]!;
  return row(`whole task, ${VOTES} votes, ${name}`, (gas.seal + gas.settle) / BigInt(tasks), { reference, target });
}

/** Every balance, score and epoch slot has been written once before anything is measured. */
async function warmUp(market: Market): Promise<void> {
  await market.escrow.connect(market.holder).deposit(1_000n);
  await register(market);
  await wholeTasks(market, await oneDealOf(market, 10));
}

function register(market: Market): Promise<ContractTransactionResponse> {
  return market.appRegistry.connect(market.appOwner).register("registry.example/gridmill/render", ethers.id("image"));
}

function approve(market: Market): Promise<ContractTransactionResponse> {
  return market.marketplace.connect(market.appOwner).approveAppOrder(ordersOf(market).app);
}

function cancel(market: Market): Promise<ContractTransactionResponse> {
  const { request } = ordersOf(market, { request: { nonce: 2n ** 32n + 2n } });
  return market.marketplace.connect(market.requester).cancelRequestOrder(request);
}

async function tasksAmongStrangers(market: Market): Promise<readonly Task[]> {
  const tasks: Task[] = [];
  for (let i = 0; i < FEW; i++) tasks.push({ opened: await openDealAmongStrangers(market), index: 0 });
  return tasks;
}

/** Seals and settles these tasks, each by three of the ten workers in turn. */
function wholeTasks(market: Market, tasks: readonly Task[]): Promise<RoundGas> {
  return wholeRound(market, { casts: castsOn(tasks, market.workers, VOTES) });
}

async function roundWithCallbacks(market: Market): Promise<RoundGas> {
  const opened = await openDealWithCallback(market, FEW);
  const voters = market.workers.slice(0, VOTES);
  const casts = Array.from({ length: FEW }, (_unused, index) => agreeing(voters, opened, LONGEST_DIGEST, index));
  return wholeRound(market, { casts: casts.flat(), callbacks: Array<Hex>(FEW).fill(LONGEST_DATA) });
}
