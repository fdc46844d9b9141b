import { AbiCoder, id, keccak256, toUtf8Bytes } from "ethers";

import type { Offer } from "../protocol/market-api.ts";
import { orderHash, ORDER_SCHEMAS, ORDER_TYPES } from "../protocol/orders.ts";
import type { RequestOrder } from "../protocol/orders.ts";
import type { Address, Hash } from "../protocol/primitives.ts";

import { wordOf } from "./chain-logs.ts";
import type { GridContext } from "./grid-context.ts";
import { bestOffer } from "./market-client.ts";
import { openMany } from "./open-many.ts";
import type { Opening } from "./open-many.ts";
import { checkParams, requirePayer } from "./preflight.ts";
import { bring, openDeal } from "./requests.ts";
import type { Submitted } from "./requests.ts";
import type { Upload } from "./request-spec.ts";

/** A computation that a contract asked for, of which it approved the order on chain. */
export type Asked = { readonly requestHash: Hash; readonly request: RequestOrder; readonly params: string };

/** A request, and the offer to take for it. */
export type Prepared = { readonly asked: Asked; readonly offer: Offer };

/** What a contract made of an answer: `none` came, because its task failed, is not over, or was refunded. */
export type AnswerFate = "used" | "unusable" | "none";

/** Contracts that ask for computations: those that inherit `contracts/dapp/ResultConsumer.sol`. */
export interface Dapps {
  /** What a contract asked for and can still be matched, the oldest first. What its events say is checked. */
  asked(consumer: Address): Promise<readonly Asked[]>;
  /**
   * The cheapest offer, and whether it can be taken: that the contract can pay, and that every input is there or brought.
   * @throws NoOfferError | AllowanceLowError | NoFundsError | BadParamsError
   */
  prepare(asked: Asked, uploads: readonly Upload[]): Promise<Offer>;
  /** Stores params and inputs and sends the match, for gas; the contract pays the price. */
  open(asked: Asked, offer: Offer, uploads: readonly Upload[], signal?: AbortSignal): Promise<Submitted>;
  /**
   * The same for many requests, of one contract or several: those with the same asks are matched in one transaction. One
   * that cannot be served does not stop the others. @returns what became of each, in the order given
   */
  openMany(wanted: readonly Prepared[], uploads: readonly Upload[], signal?: AbortSignal): Promise<readonly Opening[]>;
  fateOf(consumer: Address, requestHash: Hash, index: number): Promise<AnswerFate>;
}

const ORDER = `tuple(${ORDER_TYPES.request.RequestOrder!.map(({ type, name }) => `${type} ${name}`).join(",")})`;
const ORDER_SHAPE = `(${ORDER_TYPES.request.RequestOrder!.map(({ type }) => type).join(",")})`;
const ASKED = id(`ComputationAsked(bytes32,${ORDER_SHAPE},string)`);
const USED = id("AnswerUsed(bytes32,uint32)");
const UNUSABLE = id("AnswerUnusable(bytes32,uint32)");

export function createDapps(context: GridContext): Dapps {
  const { provider, network, market } = context;
  const fromBlock = network.deployment.block;
  return {
    async asked(consumer) {
      const logs = await provider.getLogs({ address: consumer, topics: [ASKED], fromBlock });
      const all = logs.flatMap(({ data }) => askedIn(context, consumer, data) ?? []);
      const open = await Promise.all(all.map((each) => isOpen(context, each)));
      return all.filter((_each, at) => open[at]);
    },
    async prepare({ request, params }, uploads) {
      checkParams({ params, volume: request.volume, uploads });
      const offer = bestOffer(await market.quote(quoteOf(request)));
      await requirePayer(context, { payer: request.payer, requester: request.requester, total: offer.total });
      return offer;
    },
    async open({ request, params }, offer, uploads, signal) {
      await bring(context, { params, uploads }, offer, () => {}, signal);
      return await openDeal(context, offer, { order: request, signature: "0x" }, () => {}, signal);
    },
    openMany: (wanted, uploads, signal) => bringAndOpen(context, wanted, uploads, signal),
    async fateOf(consumer, requestHash, index) {
      const topics = [[USED, UNUSABLE], requestHash];
      const logs = await provider.getLogs({ address: consumer, topics, fromBlock });
      const log = logs.find(({ data }) => data === wordOf(index));
      return log === undefined ? "none" : log.topics[0] === USED ? "used" : "unusable";
    },
  };
}

/** Each pool gets the uploads once. */
async function bringAndOpen(
  context: GridContext,
  wanted: readonly Prepared[],
  uploads: readonly Upload[],
  signal?: AbortSignal,
): Promise<readonly Opening[]> {
  const served = new Set<string>();
  for (const { asked, offer } of wanted) {
    const missing = served.has(offer.endpoint) ? [] : uploads;
    await bring(context, { params: asked.params, uploads: missing }, offer, () => {}, signal);
    served.add(offer.endpoint);
  }
  const matchable = wanted.map(({ asked, offer }) => {
    return { offer, request: { order: asked.request, signature: "0x" } as const };
  });
  return await openMany(context, matchable, signal);
}

/** Undefined for what is not a request of this contract, whatever it has written into its log. */
function askedIn({ reader }: GridContext, consumer: Address, data: string): Asked | undefined {
  const [order, params] = AbiCoder.defaultAbiCoder().decode([ORDER, "string"], data).toArray() as [Fields, string];
  const request = ORDER_SCHEMAS.request.safeParse(order.toObject());
  if (!request.success) return undefined;
  const fits = request.data.paramsHash === keccak256(toUtf8Bytes(params)) && request.data.requester === consumer;
  return fits
    ? { requestHash: orderHash("request", request.data, reader.orderDomain), request: request.data, params }
    : undefined;
}

type Fields = { toObject(): Record<string, unknown> };

async function isOpen({ reader }: GridContext, { request }: Asked): Promise<boolean> {
  if ((await reader.now()) > request.expiry) return false;
  return !(await reader.nonceUsed(request.requester, request.nonce));
}

function quoteOf(request: RequestOrder) {
  const { app, dataset, pool, category, trust, requirements, volume, requester, callback } = request;
  const { maxAppPrice, maxDatasetPrice, maxPoolPrice } = request;
  const maxPrices = { app: maxAppPrice, dataset: maxDatasetPrice, pool: maxPoolPrice };
  return { app, dataset, pool, category, trust, requirements, volume, requester, callback, maxPrices };
}
