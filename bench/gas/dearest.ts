/** The settles that cost most for their size; `estimateSettleGas` must cover them too. */
import { callbackDigest } from "../../protocol/digest.ts";
import { MAX_CALLBACK_BYTES } from "../../protocol/constants.ts";
import type { Hex } from "../../protocol/primitives.ts";
import { ethers } from "../../test/contracts/support/chain.ts";
import { MILL } from "../../test/contracts/support/market.ts";
import type { Market } from "../../test/contracts/support/market.ts";
import {
  CALLBACK_CAPABILITY,
  addressOf,
  match,
  openDeal,
  openedBy,
  ordersOf,
  signedOrders,
} from "../../test/contracts/support/orders.ts";
import type { OpenedDeal } from "../../test/contracts/support/orders.ts";
import type { Account } from "../../test/contracts/support/chain.ts";

/** As in ReceiverMock. */
const BURN_GAS = 2;
/** What the receiver of {@link openDealWithCallback} hears, as long as it may be. */
export const LONGEST_DATA: Hex = `0x${"ab".repeat(MAX_CALLBACK_BYTES)}`;
export const LONGEST_DIGEST = callbackDigest(ethers.getBytes(LONGEST_DATA));

/** A deal with a dataset whose app owner, dataset owner and payer are in no other, and the owners have no balance yet. */
export async function openDealAmongStrangers(market: Market): Promise<OpenedDeal> {
  const [appOwner, datasetOwner, requester] = [stranger(), stranger(), stranger()];
  const app = await market.appRegistry.register.staticCall("app", ethers.id("content"));
  await market.appRegistry.connect(market.appOwner).register("app", ethers.id("content"));
  await market.appRegistry.connect(market.appOwner).transferFrom(market.appOwner, appOwner, app);
  const dataset = await market.datasetRegistry.register.staticCall("data", ethers.id("content"), true);
  await market.datasetRegistry.connect(market.datasetOwner).register("data", ethers.id("content"), true);
  await market.datasetRegistry.connect(market.datasetOwner).transferFrom(market.datasetOwner, datasetOwner, dataset);
  await market.escrow.connect(market.holder).depositFor(requester, 1_000n * MILL);
  const account = addressOf(requester);
  const orders = ordersOf(market, {
    app: { app },
    dataset: { dataset },
    request: { app, dataset, requester: account, payer: account, beneficiary: account },
  });
  const signed = await signedOrders({ ...market, appOwner, datasetOwner, requester }, orders);
  return openedBy(market, await match(market, signed));
}

/** Every worker takes out what it can. */
export async function emptyWorkers({ escrow, workers }: Market): Promise<void> {
  for (const worker of workers) {
    const { available } = await escrow.balanceOf(worker);
    if (available > 0n) await escrow.connect(worker).withdraw(available);
  }
}

/** A deal whose results go to a contract that uses up all its gas. */
export async function openDealWithCallback(market: Market, volume: number): Promise<OpenedDeal> {
  const receiver = await ethers.deployContract("ReceiverMock");
  await receiver.setMode(BURN_GAS);
  const callback = (await receiver.getAddress()).toLowerCase() as Hex;
  return openDeal(market, { pool: { capabilities: CALLBACK_CAPABILITY }, request: { callback, volume } });
}

/** A new key. The helpers only ask an account for its address and signatures. */
function stranger(): Account {
  return ethers.Wallet.createRandom();
}
