import { z } from "zod";

import { DealSchema } from "./deal.ts";
import {
  SignedAppOrderSchema,
  SignedDatasetOrderSchema,
  SignedPoolOrderSchema,
  SignedRequestOrderSchema,
} from "./orders.ts";
import type { OrderByKind, OrderKind, Signed } from "./orders.ts";
import { AddressSchema, HashSchema, ZERO_ADDRESS, ZERO_HASH, smallUintSchema, uintSchema } from "./primitives.ts";
import type { Hash } from "./primitives.ts";

/**
 * Every body and answer of the market's REST interface. Amounts are wei as decimal strings, times Unix seconds. Bodies are
 * strict; answers let unknown fields pass, so that a newer market does not break an older client.
 */
const uint256 = uintSchema(256);
const uint128 = uintSchema(128);
const seconds = smallUintSchema(40);

/** `{ "error": … }`: what every answer with a status of 400 and more carries. */
export const ErrorAnswerSchema = z.object({
  error: z.object({
    code: z.string().regex(/^GM_[A-Z_]{1,64}$/),
    message: z.string(),
    hint: z.string().optional(),
    retryable: z.boolean(),
  }),
});

/** Pages are keyset pages: `next` is the cursor of the following one, null on the last. */
const pageQuery = {
  limit: smallUintSchema(16)
    .refine((limit) => limit >= 1 && limit <= 200, "must be from 1 to 200")
    .default(50),
  cursor: z.string().max(256).optional(),
};
const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item).readonly(), next: z.string().nullable() });

/* ORDERS */

/**
 * - `active`    may be matched now
 * - `inactive`  may become active again: money missing, asset sold, stake missing (see `reason`)
 * - `filled`    used up
 * - `cancelled` by its signer, for good
 * - `expired`   its expiry has passed
 */
export const ORDER_STATUSES = ["active", "inactive", "filled", "cancelled", "expired"] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

/** Why an order is not active: a code of the error family and a sentence. */
const OrderReasonSchema = z.object({ code: z.string(), message: z.string() });
export type OrderReason = z.output<typeof OrderReasonSchema>;

const bookFields = {
  hash: HashSchema,
  signer: AddressSchema,
  status: z.enum(ORDER_STATUSES),
  reason: OrderReasonSchema.nullable(),
  /** Tasks it is still good for; a request has its volume or 0. */
  remaining: uint256,
  postedAt: seconds,
};

const openSigned = <S extends z.ZodRawShape, K extends OrderKind>(signed: z.ZodObject<S>, kind: K) =>
  z.object({ ...signed.shape, ...bookFields, kind: z.literal(kind) });

export const BOOK_ORDER_SCHEMAS = {
  app: openSigned(SignedAppOrderSchema, "app"),
  dataset: openSigned(SignedDatasetOrderSchema, "dataset"),
  pool: openSigned(SignedPoolOrderSchema, "pool"),
  request: openSigned(SignedRequestOrderSchema, "request"),
} as const;

/** An order as the book holds it. */
export type BookOrder<K extends OrderKind = OrderKind> = {
  readonly [Kind in K]: Signed<OrderByKind[Kind]> & {
    readonly kind: Kind;
    readonly hash: Hash;
    readonly signer: Hash;
    readonly status: OrderStatus;
    readonly reason: OrderReason | null;
    readonly remaining: bigint;
    readonly postedAt: number;
  };
}[K];

export const BookOrderSchema = z.discriminatedUnion("kind", [
  BOOK_ORDER_SCHEMAS.app,
  BOOK_ORDER_SCHEMAS.dataset,
  BOOK_ORDER_SCHEMAS.pool,
  BOOK_ORDER_SCHEMAS.request,
]);

/** Body of `POST /orders/:kind`. The answer is the {@link BookOrder}: 201 when new, 200 when already there. */
export const SIGNED_ORDER_SCHEMAS = {
  app: SignedAppOrderSchema,
  dataset: SignedDatasetOrderSchema,
  pool: SignedPoolOrderSchema,
  request: SignedRequestOrderSchema,
} as const;

/**
 * Query of `GET /orders/:kind`. Asks come cheapest first, requests highest bid first. `app`, `dataset` and `pool` are the
 * order's own ids (an ask's asset, a request's wish); a filter that the kind does not have is ignored.
 */
export const OrdersQuerySchema = z.strictObject({
  app: uint256.optional(),
  dataset: uint256.optional(),
  pool: uint256.optional(),
  category: smallUintSchema(8).optional(),
  signer: AddressSchema.optional(),
  status: z.enum([...ORDER_STATUSES, "any"]).default("active"),
  ...pageQuery,
});
export type OrdersQuery = z.input<typeof OrdersQuerySchema>;
export const ORDER_PAGE_SCHEMAS = {
  app: pageOf(BOOK_ORDER_SCHEMAS.app),
  dataset: pageOf(BOOK_ORDER_SCHEMAS.dataset),
  pool: pageOf(BOOK_ORDER_SCHEMAS.pool),
  request: pageOf(BOOK_ORDER_SCHEMAS.request),
} as const;
export type Page<T> = { readonly items: readonly T[]; readonly next: string | null };

/* QUOTE */

/** Body of `POST /quote`: a request that is not signed yet. Ids of 0: no dataset, any pool. */
export const QuoteRequestSchema = z.strictObject({
  app: uint256,
  dataset: uint256.default(0n),
  pool: uint256.default(0n),
  category: smallUintSchema(8).refine((value) => value <= 4, "must be a category from 0 to 4"),
  trust: smallUintSchema(32)
    .refine((value) => value >= 2, "must be at least 2")
    .default(2),
  requirements: HashSchema.default(ZERO_HASH),
  volume: smallUintSchema(32)
    .refine((value) => value >= 1, "must be at least 1")
    .default(1),
  requester: AddressSchema.default(ZERO_ADDRESS),
  callback: AddressSchema.default(ZERO_ADDRESS),
  /** Most wei per task for each side; absent: no bound. */
  maxPrices: z
    .strictObject({ app: uint128.optional(), dataset: uint128.optional(), pool: uint128.optional() })
    .default({}),
});
export type QuoteRequestInput = z.input<typeof QuoteRequestSchema>;
export type QuoteRequest = z.output<typeof QuoteRequestSchema>;

/** One combination of asks that the request would be matched with. Prices in wei per task; `total` for the whole volume. */
export const OfferSchema = z.object({
  app: SignedAppOrderSchema,
  dataset: SignedDatasetOrderSchema.nullable(),
  pool: SignedPoolOrderSchema,
  prices: z.object({ app: uint128, dataset: uint128, pool: uint128 }),
  perTask: uint256,
  total: uint256,
  /** Base URL of the pool's gateway. */
  endpoint: z.string(),
  /** Seconds in which the pool may still decline. */
  grace: z.int(),
});
export type Offer = z.output<typeof OfferSchema>;

/** An active order that was looked at and does not fit, and each reason, in words. */
const RefusedOfferSchema = z.object({
  kind: z.enum(["app", "dataset", "pool"]),
  hash: HashSchema,
  /** Id of the app, dataset or pool that it offers. */
  asset: uint256,
  price: uint128,
  clauses: z.array(z.object({ clause: z.string(), message: z.string() })).readonly(),
});
export type RefusedOffer = z.output<typeof RefusedOfferSchema>;

/** Answer of `POST /quote`; `offers` cheapest first and possibly empty, then `refused` and `missing` say why. */
export const QuoteSchema = z.object({
  offers: z.array(OfferSchema).readonly(),
  refused: z.array(RefusedOfferSchema).readonly(),
  /** What nobody offers at all, such as "nobody offers app 7". */
  missing: z.array(z.string()).readonly(),
});
export type Quote = z.output<typeof QuoteSchema>;

/* PARAMS */

/** Answer of `PUT /params`, whose body is the exact bytes; `GET /params/:hash` gives them back. */
export const ParamsAnswerSchema = z.object({ hash: HashSchema, bytes: z.int() });
export type ParamsAnswer = z.output<typeof ParamsAnswerSchema>;

/* ASSETS */

const assetFields = {
  id: uint256,
  owner: AddressSchema,
  /** Lowest price per task among its active orders, null when there is none. */
  price: uint128.nullable(),
};
/** Where to fetch it (an app: the image without its digest), and the sha256 that what is fetched must have. */
const contentFields = { reference: z.string(), digest: HashSchema };

export const AppAssetSchema = z.object({ ...assetFields, ...contentFields });
export type AppAsset = z.output<typeof AppAssetSchema>;
export const DatasetAssetSchema = z.object({
  ...assetFields,
  ...contentFields,
  encrypted: z.boolean(),
});
export type DatasetAsset = z.output<typeof DatasetAssetSchema>;
export const PoolAssetSchema = z.object({ ...assetFields, operator: AddressSchema, endpoint: z.string() });
export type PoolAsset = z.output<typeof PoolAssetSchema>;

/** Query of `GET /apps`, `/datasets`, `/pools`: by id, ascending. */
export const AssetsQuerySchema = z.strictObject({ owner: AddressSchema.optional(), ...pageQuery });
export type AssetsQuery = z.input<typeof AssetsQuerySchema>;
export const AppPageSchema = pageOf(AppAssetSchema);
export const DatasetPageSchema = pageOf(DatasetAssetSchema);
export const PoolPageSchema = pageOf(PoolAssetSchema);

/* DEALS AND TASKS */

/** `open`: some task may still settle; `settled`: all did; `declined`, `claimed`: what was left was refunded. */
const DEAL_STATUSES = ["open", "settled", "declined", "claimed"] as const;
export type DealStatus = (typeof DEAL_STATUSES)[number];

export const DealRecordSchema = z.object({
  dealId: HashSchema,
  deal: DealSchema,
  status: z.enum(DEAL_STATUSES),
  /** How many of its tasks are settled. */
  settled: z.int(),
  /** Last second (Unix) at which its tasks may be sealed. */
  deadline: seconds,
  blockNumber: z.int(),
  transactionHash: HashSchema,
});
export type DealRecord = z.output<typeof DealRecordSchema>;

/** `settled` has a digest; the others have none. */
export const TaskRecordSchema = z.object({
  taskId: HashSchema,
  dealId: HashSchema,
  index: z.int(),
  status: z.enum(DEAL_STATUSES),
  digest: HashSchema.nullable(),
});
export type TaskRecord = z.output<typeof TaskRecordSchema>;

/** Query of `GET /deals`, newest first. */
export const DealsQuerySchema = z.strictObject({
  requester: AddressSchema.optional(),
  pool: uint256.optional(),
  app: uint256.optional(),
  status: z.enum(DEAL_STATUSES).optional(),
  ...pageQuery,
});
export type DealsQuery = z.input<typeof DealsQuerySchema>;
export const DealPageSchema = pageOf(DealRecordSchema);

/** Answer of `GET /deals/:dealId`: the record and its settled tasks, at most 1,000 of them (see `GET /deals/:dealId/tasks`). */
export const DealDetailsSchema = DealRecordSchema.extend({ tasks: z.array(TaskRecordSchema).readonly() });
export type DealDetails = z.output<typeof DealDetailsSchema>;

/** Query of `GET /deals/:dealId/tasks`, by index. */
export const TasksQuerySchema = z.strictObject({ ...pageQuery });
export type TasksQuery = z.input<typeof TasksQuerySchema>;
export const TaskPageSchema = pageOf(TaskRecordSchema);

/** Answer of `GET /accounts/:address`: its escrow as the chain has it, and its newest deals as requester. */
export const AccountSchema = z.object({
  address: AddressSchema,
  available: uint128,
  locked: uint128,
  deals: z.array(DealRecordSchema).readonly(),
});
export type Account = z.output<typeof AccountSchema>;

/** Answer of `GET /info`: which chain this market serves and how far it has followed it. */
export const MarketInfoSchema = z.object({
  chainId: z.int(),
  marketplace: AddressSchema,
  hub: AddressSchema,
  /** Last block whose events are in the book. */
  block: z.int(),
  /** Number of the newest event of the feed. */
  seq: z.int(),
});
export type MarketInfo = z.output<typeof MarketInfoSchema>;
