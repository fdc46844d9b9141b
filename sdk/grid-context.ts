import type { BaseWallet, JsonRpcApiProvider } from "ethers";

import type { GridCalls } from "../chain/calls.ts";
import type { GridContracts } from "../chain/contracts.ts";
import { findEvent } from "../chain/events.ts";
import type { EventDecoder, GridEventKind, GridEventOf } from "../chain/events.ts";
import type { ChainReader } from "../chain/reader.ts";
import type { TransactionSender } from "../chain/sender.ts";
import type { Call, Receipt } from "../chain/intent.ts";
import type { Deal } from "../protocol/deal.ts";
import { MarketUnreachableError } from "../protocol/market-errors.ts";
import type { Address, Hash } from "../protocol/primitives.ts";

import { EventMissingError, MAKE_KEY, NoSignerError } from "./errors.ts";
import type { MarketClient } from "./market-client.ts";
import type { Network } from "./network.ts";
import { pause } from "../chain/pause.ts";

/** What signs: transactions, orders, and log-ins at a pool. A wallet of ethers is one. */
export type GridSigner = Pick<BaseWallet, "address" | "signTransaction" | "signTypedData" | "signMessage">;

/** A signer with what sends its transactions. */
export type GridAccount = {
  readonly address: Address;
  readonly signer: GridSigner;
  readonly sender: TransactionSender;
};

/** A deal that is known to hash to its id, and the block in which it was opened. */
export type KnownDeal = { readonly dealId: Hash; readonly deal: Deal; readonly blockNumber: number };

/** What the parts of the SDK share: one connection to a chain and its market. */
export type GridContext = {
  readonly network: Network;
  readonly provider: JsonRpcApiProvider;
  readonly reader: ChainReader;
  readonly market: MarketClient;
  readonly calls: GridCalls;
  readonly contracts: GridContracts;
  readonly decoder: EventDecoder;
  readonly account: GridAccount | undefined;
  /** Deals met so far: they never change. */
  readonly deals: Map<Hash, KnownDeal>;
};

/** @throws NoSignerError */
export function accountOf({ account }: GridContext): GridAccount {
  if (account) return account;
  throw new NoSignerError("This needs a signature, and no key was given", {
    hint: MAKE_KEY,
  });
}

/**
 * Sends a transaction and waits until the market has seen its block too, so that what is posted next is judged by it.
 * @param id names what the transaction is for: the same id is never sent twice
 */
export async function send(context: GridContext, id: string, call: Call, signal?: AbortSignal): Promise<Receipt> {
  const receipt = await accountOf(context).sender.send(id, call, signal);
  await marketReaches(context, receipt.blockNumber, signal);
  return receipt;
}

/** Names an intent that stands for itself: doing it twice means it. */
export function once(purpose: string): string {
  return `${purpose}-${crypto.randomUUID()}`;
}

/** @throws EventMissingError */
export function eventOf<K extends GridEventKind>({ decoder }: GridContext, receipt: Receipt, kind: K): GridEventOf<K> {
  const event = findEvent(decoder, receipt.logs, kind);
  if (event) return event;
  throw new EventMissingError(`Transaction ${receipt.hash} was mined without the event ${kind}`, {
    hint: "Check that the deployment of this network is the right one",
  });
}

/** A market that is down or far behind is found out by the call that needs it, so this only waits a while. */
const MARKET_WAIT_MS = 10_000;
const POLL_MS = 100;

async function marketReaches({ market }: GridContext, block: number, signal?: AbortSignal): Promise<void> {
  const deadline = Date.now() + MARKET_WAIT_MS;
  try {
    while (!signal?.aborted && Date.now() < deadline && (await market.info()).block < block)
      await pause(POLL_MS, signal);
  } catch (error) {
    if (!(error instanceof MarketUnreachableError)) throw error;
  }
}
