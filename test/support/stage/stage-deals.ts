import { parseEther, toQuantity } from "ethers";

import { createEventDecoder, findEvent } from "../../../chain/events.ts";
import { NO_RESOURCES, packResources } from "../../../protocol/capabilities.ts";
import type { AppOrder, PoolOrder, RequestOrder } from "../../../protocol/orders.ts";
import { UNLIMITED, ZERO_ADDRESS, ZERO_HASH } from "../../../protocol/primitives.ts";
import type { Address, Hash } from "../../../protocol/primitives.ts";
import type { TestGrid } from "../chain/grid.ts";
import { signedMatch } from "../signed-match.ts";

/** Anvil's accounts: all MILL, who owns app and pool and asks, the operator; workers from there on. */
export const [HOLDER, OWNER, OPERATOR, FIRST_WORKER] = [0, 1, 2, 3] as const;
const MILL = parseEther("1");
/** Two newcomers decide. */
const TRUST = 3;

/** What the tasks of a stage run. */
export type StageImage = { readonly reference: string; readonly digest: Hash };

/** A deal that was opened: `openedAt` is when its block was there, in Unix ms of this machine. */
export type StageDeal = { readonly dealId: Hash; readonly block: number; readonly openedAt: number };

export const accountOf = (grid: TestGrid, index: number): Address =>
  grid.wallet(index).address.toLowerCase() as Address;

/** An app, the pool, money for who asks and stakes, and a bond for every worker. */
export async function found(grid: TestGrid, workers: number, { reference, digest }: StageImage): Promise<void> {
  const { calls, provider } = grid;
  await using holder = grid.sender(HOLDER);
  await using owner = grid.sender(OWNER);
  await owner.send("app", calls.registerApp(reference, digest));
  await owner.send("pool", calls.registerPool(accountOf(grid, OPERATOR), "http://pool.example"));
  await holder.send("allow", calls.allowDeposit(1_000_000_000n * MILL));
  await holder.send("fund", calls.depositFor(accountOf(grid, OWNER), 100_000_000n * MILL));
  for (let index = FIRST_WORKER; index < FIRST_WORKER + workers; index++) {
    const address = accountOf(grid, index);
    await provider.send("anvil_setBalance", [address, toQuantity(parseEther("100"))]);
    await holder.send(`fund ${index}`, calls.depositFor(address, 100_000n * MILL));
    await using worker = grid.sender(index);
    await worker.send("bond", calls.bond(100_000n * MILL));
  }
}

/** More than any worker of a stage offers, so that a deal which asks for it waits. */
const OUT_OF_REACH = packResources({ ...NO_RESOURCES, gpus: 1 });

/** What one deal asks for: `nonce` is another one for each; `waits` for one that no worker can serve. */
export type StageAsk = {
  readonly volume: number;
  readonly nonce: bigint;
  readonly paramsHash: Hash;
  readonly waits: boolean;
};

export async function openStageDeal(grid: TestGrid, ask: StageAsk): Promise<StageDeal> {
  const { nonce } = ask;
  const orders = await ordersFor(grid, ask);
  const match = await signedMatch(grid, orders, { owner: OWNER, requester: OWNER });
  await using sender = grid.sender(HOLDER);
  const { blockNumber, logs } = await sender.send(`match ${nonce}`, match);
  const { dealId } = findEvent(createEventDecoder(grid.deployment), logs, "DealOpened")!;
  return { dealId, block: blockNumber, openedAt: Date.now() };
}

type Orders = { readonly app: AppOrder; readonly pool: PoolOrder; readonly request: RequestOrder };

async function ordersFor(grid: TestGrid, { volume, nonce, paramsHash, waits }: StageAsk): Promise<Orders> {
  const owner = accountOf(grid, OWNER);
  const expiry = (await grid.reader.now()) + 3_600;
  const ask = { price: MILL, expiry, counter: 0n, salt: ZERO_HASH, onlyRequester: ZERO_ADDRESS, volume: UNLIMITED };
  const terms = { category: 0, maxTrust: 10, capabilities: OUT_OF_REACH, lane: 0, workerStake: 3_000, grace: 0 };
  const parties = { requester: owner, payer: owner, beneficiary: owner, callback: ZERO_ADDRESS };
  const prices = { maxAppPrice: MILL, maxDatasetPrice: 0n, maxPoolPrice: MILL };
  const wants = { trust: TRUST, maxWeight: 2, category: 0, paramsHash };
  const requirements = waits ? OUT_OF_REACH : ZERO_HASH;
  return {
    app: { app: 1n, ...ask, onlyDataset: 0n, onlyPool: 0n },
    pool: { pool: 1n, ...ask, ...terms, schedulerShare: 500, onlyApp: 0n, onlyDataset: 0n },
    request: { app: 1n, dataset: 0n, pool: 1n, ...prices, ...parties, ...wants, requirements, volume, nonce, expiry },
  };
}
