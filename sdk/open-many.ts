import { concat, keccak256 } from "ethers";

import type { Receipt } from "../chain/intent.ts";
import { revertError } from "../chain/revert-errors.ts";
import { GridmillError } from "../protocol/errors.ts";
import { toJson } from "../protocol/json.ts";
import type { Offer } from "../protocol/market-api.ts";
import { orderHash } from "../protocol/orders.ts";
import type { RequestOrder, Signed } from "../protocol/orders.ts";
import type { Hash } from "../protocol/primitives.ts";

import { EventMissingError } from "./errors.ts";
import { accountOf, send } from "./grid-context.ts";
import type { GridContext } from "./grid-context.ts";
import { rememberDeal } from "./known-deal.ts";
import { openDeal } from "./requests.ts";
import type { Submitted } from "./requests.ts";

/** What became of one of many requests: its deal, or why it was passed over. */
export type Opening =
  | { readonly requestHash: Hash; readonly opened: Submitted }
  | { readonly requestHash: Hash; readonly problem: GridmillError };

/** A signed request, and the asks to match it with. */
export type Matchable = { readonly offer: Offer; readonly request: Signed<RequestOrder> };

type Named = Matchable & { readonly requestHash: Hash };

/** Gas of the dearest deal in a batch, with the reserve that a sender adds; what a contract that signs may use on top. */
const DEAL_GAS = 125_000n;
const SIGNER_GAS = 101_600n;
/** Less than a transaction may have, for what a batch costs besides its deals. */
const BATCH_GAS = 15_000_000n;

/**
 * Posts requests and opens their deals, in one transaction for all with the same asks, or a few where they are too many
 * for one. One that cannot be served does not stop the others. Called again for the same requests, by whichever process
 * with the same journal, it pays nothing more.
 * @returns what became of each, in the order given
 */
export async function openMany(
  context: GridContext,
  wanted: readonly Matchable[],
  signal?: AbortSignal,
): Promise<readonly Opening[]> {
  const domain = context.reader.orderDomain;
  const named = wanted.map((each) => ({ ...each, requestHash: orderHash("request", each.request.order, domain) }));
  const once = [...new Map(named.map((each) => [each.requestHash, each])).values()];
  const openings = new Map<Hash, Opening>();
  for (const batch of batchesOf(context, once)) {
    for (const opening of await openBatch(context, batch, signal)) openings.set(opening.requestHash, opening);
  }
  return named.map(({ requestHash }) => openings.get(requestHash)!);
}

/** Those with the same asks together, as many as fit into a transaction. */
function batchesOf(context: GridContext, all: readonly Named[]): readonly (readonly Named[])[] {
  const batches: { readonly asks: string; gas: bigint; readonly requests: Named[] }[] = [];
  for (const each of all) {
    const { app, dataset, pool } = each.offer;
    const asks = toJson([app, dataset, pool]);
    const gas = DEAL_GAS + (isOwn(context, each) ? 0n : SIGNER_GAS);
    const open = batches.find((batch) => batch.asks === asks && batch.gas + gas <= BATCH_GAS);
    if (open) open.gas += gas;
    if (open) open.requests.push(each);
    else batches.push({ asks, gas, requests: [each] });
  }
  return batches.map(({ requests }) => requests);
}

/** Signed with the key that sends: of all others a contract may have to be asked. */
function isOwn(context: GridContext, { request: { order, signature } }: Named): boolean {
  return order.requester === accountOf(context).address && signature !== "0x";
}

async function openBatch(
  context: GridContext,
  batch: readonly Named[],
  signal?: AbortSignal,
): Promise<readonly Opening[]> {
  if (batch.length === 1) return [await openAlone(context, batch[0]!, signal)];
  const refusals = await Promise.all(batch.map((each) => refusalOf(context, each, signal)));
  const good = batch.filter((_each, at) => refusals[at] === undefined);
  const opened = good.length === 0 ? [] : await matchAll(context, good, signal);
  return [...refusals.filter((refusal) => refusal !== undefined), ...opened];
}

async function openAlone(context: GridContext, named: Named, signal?: AbortSignal): Promise<Opening> {
  const { requestHash, offer, request } = named;
  try {
    return { requestHash, opened: await openDeal(context, offer, request, () => {}, signal) };
  } catch (error) {
    return { requestHash, problem: problemOf(error, signal) };
  }
}

/** Posts a request; undefined where the market takes it, or has it already. */
async function refusalOf(
  context: GridContext,
  { requestHash, request }: Named,
  signal?: AbortSignal,
): Promise<Opening | undefined> {
  try {
    await context.market.postOrder("request", request);
    return undefined;
  } catch (error) {
    return { requestHash, problem: problemOf(error, signal) };
  }
}

/** One transaction. What the asks themselves are refused for is every request's problem. */
async function matchAll(
  context: GridContext,
  batch: readonly Named[],
  signal?: AbortSignal,
): Promise<readonly Opening[]> {
  const { app, dataset, pool } = batch[0]!.offer;
  const requests = batch.map(({ request }) => request);
  const extraGas = SIGNER_GAS * BigInt(batch.filter((each) => !isOwn(context, each)).length);
  const asks = { app, pool, ...(dataset === null ? {} : { dataset }) };
  const id = `match-${keccak256(concat(batch.map(({ requestHash }) => requestHash)))}`;
  try {
    const receipt = await send(context, id, { ...context.calls.matchBatch(asks, requests), extraGas }, signal);
    return batch.map((each) => openingOf(context, each, receipt));
  } catch (error) {
    return batch.map(({ requestHash }) => ({ requestHash, problem: problemOf(error, signal) }));
  }
}

function openingOf(context: GridContext, { requestHash, request }: Named, receipt: Receipt): Opening {
  const events = receipt.logs.map((log) => context.decoder.decode(log));
  for (const event of events) {
    if (event?.kind === "RequestSkipped" && event.requestHash === requestHash)
      return { requestHash, problem: revertError(event.problem) };
    if (event?.kind === "DealOpened" && event.deal.requestHash === requestHash) {
      const known = rememberDeal(context, { ...event, blockNumber: receipt.blockNumber });
      return { requestHash, opened: { ...known, request: request.order, receipt } };
    }
  }
  throw new EventMissingError(`Transaction ${receipt.hash} says nothing of request ${requestHash}`, {
    hint: "Check that the deployment of this network is the right one",
  });
}

/** An interruption, and what nobody foresaw, is no problem of a request. */
function problemOf(error: unknown, signal: AbortSignal | undefined): GridmillError {
  signal?.throwIfAborted();
  if (error instanceof GridmillError) return error;
  throw error;
}
