import type { Receipt } from "../chain/intent.ts";
import { packResources } from "../protocol/capabilities.ts";
import type { Offer, Quote } from "../protocol/market-api.ts";
import type { RequestOrder, Signed } from "../protocol/orders.ts";
import { paramsHashOf } from "../protocol/params.ts";
import { orderHash } from "../protocol/orders.ts";
import { ZERO_ADDRESS } from "../protocol/primitives.ts";

import { signed } from "./ask-terms.ts";
import { readableDataset } from "./datasets.ts";
import { accountOf, eventOf, send } from "./grid-context.ts";
import type { GridContext, KnownDeal } from "./grid-context.ts";
import { gatewayAt, rememberDeal } from "./known-deal.ts";
import { bestOffer } from "./market-client.ts";
import { openMany } from "./open-many.ts";
import type { Matchable, Opening } from "./open-many.ts";
import { preflight, requirePayer } from "./preflight.ts";
import type { RequestSpec } from "./request-spec.ts";
import { nearbyNonces, randomNonce } from "./random.ts";

/** A request that was matched. */
export type Submitted = KnownDeal & { readonly request: RequestOrder; readonly receipt: Receipt };

export type SubmitStep = "params" | "upload" | "sign" | "match";

/** Requests for computation. */
export interface Requests {
  /** What the market would match now, with the reasons against what it would not. Free, and needs no signer. */
  quote(spec: RequestSpec): Promise<Quote>;
  /**
   * The cheapest offer, and whether it can be taken: everything that can be wrong is found here, also that its pool does
   * not answer, before anything is signed, uploaded or paid.
   * @throws NoOfferError | AllowanceLowError | NoFundsError | NoGasMoneyError | BadParamsError | AssetUnknownError
   * @throws DatasetEncryptedError | PoolUnreachableError
   */
  prepare(spec: RequestSpec): Promise<Offer>;
  /** Whether a request that costs so much in all can be paid. @throws AllowanceLowError | NoFundsError */
  requirePayer(spec: Pick<RequestSpec, "payer">, total: bigint): Promise<void>;
  /**
   * Stores params and inputs, signs the request, posts it and sends the match.
   * @param onStep hears which step begins
   */
  submit(
    spec: RequestSpec,
    offer: Offer,
    onStep?: (step: SubmitStep) => void,
    signal?: AbortSignal,
  ): Promise<Submitted>;
  /** The first half of {@link submit}: stores params and inputs and signs. Nothing is paid, and nobody has the request. */
  sign(
    spec: RequestSpec,
    offer: Offer,
    onStep?: (step: SubmitStep) => void,
    signal?: AbortSignal,
  ): Promise<Signed<RequestOrder>>;
  /**
   * The second half: posts the request and sends the match. Called again for the same request, by whichever process with
   * the same journal, it pays nothing more.
   */
  match(
    offer: Offer,
    request: Signed<RequestOrder>,
    onStep?: (step: SubmitStep) => void,
    signal?: AbortSignal,
  ): Promise<Submitted>;
  /**
   * The same for many requests, each with the offer that {@link prepare} found for it: those with the same asks are
   * matched in one transaction, for about half the gas. One that cannot be served does not stop the others.
   * @returns what became of each, in the order given
   */
  openMany(
    wanted: readonly Wanted[],
    onStep?: (step: SubmitStep) => void,
    signal?: AbortSignal,
  ): Promise<readonly Opening[]>;
}

/** A request, and the offer to take for it. */
export type Wanted = { readonly spec: RequestSpec; readonly offer: Offer };

/** How long a request may wait for its match, in seconds; it is matched at once as a rule. */
const REQUEST_SECONDS = 3_600;
export const DEFAULT_MAX_WEIGHT = 16;

export function createRequests(context: GridContext): Requests {
  const quote = (spec: RequestSpec): Promise<Quote> => context.market.quote(quoteOf(context, spec));
  return {
    quote,
    async prepare(spec) {
      if (spec.dataset !== undefined) await readableDataset(context, spec.dataset);
      const offer = bestOffer(await quote(spec));
      await preflight(context, spec, offer);
      await gatewayAt(context, offer.endpoint).pool();
      return offer;
    },
    requirePayer: async ({ payer }, total) => {
      const requester = accountOf(context).address;
      await requirePayer(context, { payer: payer ?? requester, requester, total });
    },
    submit: async (spec, offer, onStep = () => {}, signal) =>
      openDeal(context, offer, await sign(context, spec, offer, onStep, signal), onStep, signal),
    sign: (spec, offer, onStep = () => {}, signal) => sign(context, spec, offer, onStep, signal),
    match: (offer, request, onStep = () => {}, signal) => openDeal(context, offer, request, onStep, signal),
    openMany: (wanted, onStep = () => {}, signal) => submitMany(context, wanted, onStep, signal),
  };
}

function quoteOf({ account }: GridContext, spec: RequestSpec) {
  const { app, dataset = 0n, pool = 0n, category, trust, volume, requirements, callback } = spec;
  const { maxAppPrice, maxDatasetPrice, maxPoolPrice } = spec;
  const maxPrices = {
    ...(maxAppPrice === undefined ? {} : { app: maxAppPrice }),
    ...(maxDatasetPrice === undefined ? {} : { dataset: maxDatasetPrice }),
    ...(maxPoolPrice === undefined ? {} : { pool: maxPoolPrice }),
  };
  const requester = account?.address ?? ZERO_ADDRESS;
  const vector = packResources(requirements);
  return { app, dataset, pool, category, trust, volume, requester, callback, requirements: vector, maxPrices };
}

async function submitMany(
  context: GridContext,
  wanted: readonly Wanted[],
  onStep: (step: SubmitStep) => void,
  signal?: AbortSignal,
): Promise<readonly Opening[]> {
  const nonces = nearbyNonces(wanted.length);
  const matchable: Matchable[] = [];
  for (const [at, { spec, offer }] of wanted.entries()) {
    matchable.push({ offer, request: await sign(context, spec, offer, onStep, signal, nonces[at]) });
  }
  onStep("match");
  return await openMany(context, matchable, signal);
}

async function sign(
  context: GridContext,
  spec: RequestSpec,
  offer: Offer,
  onStep: (step: SubmitStep) => void,
  signal?: AbortSignal,
  nonce?: bigint,
): Promise<Signed<RequestOrder>> {
  await bring(context, spec, offer, onStep, signal);
  onStep("sign");
  return await signed(context, "request", await requestOrder(context, spec, offer, nonce));
}

/** Stores the params at the market, and what no URL leads to at the pool. */
export async function bring(
  context: GridContext,
  { params, uploads }: Pick<RequestSpec, "params" | "uploads">,
  { endpoint }: Offer,
  onStep: (step: SubmitStep) => void,
  signal?: AbortSignal,
): Promise<void> {
  onStep("params");
  await context.market.putParams(params);
  if (uploads.length > 0) onStep("upload");
  const gateway = gatewayAt(context, endpoint);
  for (const { sha256, body } of uploads) await gateway.upload(sha256, body, signal);
}

/** Posts a request and sends its match with the offer, unless that is on its way already. */
export async function openDeal(
  context: GridContext,
  { app, dataset, pool }: Offer,
  request: Signed<RequestOrder>,
  onStep: (step: SubmitStep) => void,
  signal?: AbortSignal,
): Promise<Submitted> {
  const id = `match-${orderHash("request", request.order, context.reader.orderDomain)}`;
  // Of a match that was sent the market may know more than that its request is good.
  if (!(await accountOf(context).sender.find(id))) await context.market.postOrder("request", request);
  onStep("match");
  const match = { app, pool, request, ...(dataset === null ? {} : { dataset }) };
  const receipt = await send(context, id, context.calls.matchOrders(match), signal);
  const { dealId, deal } = eventOf(context, receipt, "DealOpened");
  const known = rememberDeal(context, { dealId, deal, blockNumber: receipt.blockNumber });
  return { ...known, request: request.order, receipt };
}

/** The offer's prices are signed as the maximum, so that no later match costs more than what was shown. */
async function requestOrder(
  context: GridContext,
  spec: RequestSpec,
  offer: Offer,
  nonce = randomNonce(),
): Promise<RequestOrder> {
  const { address } = accountOf(context);
  const { app, dataset = 0n, pool = 0n, trust, category, volume } = spec;
  const { maxWeight = DEFAULT_MAX_WEIGHT, beneficiary = address } = spec;
  return {
    ...{ app, dataset, pool, trust, maxWeight, category, volume, beneficiary },
    maxAppPrice: offer.prices.app,
    maxDatasetPrice: offer.prices.dataset,
    maxPoolPrice: offer.prices.pool,
    requester: address,
    payer: spec.payer ?? address,
    callback: spec.callback ?? ZERO_ADDRESS,
    requirements: packResources(spec.requirements),
    paramsHash: paramsHashOf(spec.params),
    nonce,
    expiry: (await context.reader.now()) + REQUEST_SECONDS,
  };
}
