import type { z } from "zod";

import { RemoteError } from "../protocol/errors.ts";
import type { ErrorData } from "../protocol/errors.ts";
import { toJson } from "../protocol/json.ts";
import {
  AccountSchema,
  AppAssetSchema,
  AppPageSchema,
  BOOK_ORDER_SCHEMAS,
  DatasetPageSchema,
  DealDetailsSchema,
  DealPageSchema,
  ErrorAnswerSchema,
  MarketInfoSchema,
  ORDER_PAGE_SCHEMAS,
  ParamsAnswerSchema,
  PoolAssetSchema,
  PoolPageSchema,
  QuoteSchema,
  TaskPageSchema,
  TaskRecordSchema,
} from "../protocol/market-api.ts";
import type {
  Account,
  AppAsset,
  AssetsQuery,
  BookOrder,
  DatasetAsset,
  DealDetails,
  DealRecord,
  DealsQuery,
  MarketInfo,
  Offer,
  OrdersQuery,
  Page,
  ParamsAnswer,
  PoolAsset,
  Quote,
  QuoteRequestInput,
  TaskRecord,
  TasksQuery,
} from "../protocol/market-api.ts";
import { MarketUnreachableError, NoOfferError } from "../protocol/market-errors.ts";
import type { OrderByKind, OrderKind, Signed } from "../protocol/orders.ts";
import type { Address, Hash } from "../protocol/primitives.ts";

/** The market's REST interface, typed. Every call throws {@link RemoteError} with the market's code, or {@link MarketUnreachableError}. */
export interface MarketClient {
  info(): Promise<MarketInfo>;
  /** Puts a signed order into the book; posting it again changes nothing. */
  postOrder<K extends OrderKind>(kind: K, signed: Signed<OrderByKind[K]>): Promise<BookOrder<K>>;
  orders<K extends OrderKind>(kind: K, query?: OrdersQuery): Promise<Page<BookOrder<K>>>;
  order<K extends OrderKind>(kind: K, hash: Hash): Promise<BookOrder<K>>;
  /** What a request would cost, and where; see {@link bestOffer}. */
  quote(request: QuoteRequestInput): Promise<Quote>;
  /** Stores the exact bytes of a params text. */
  putParams(text: string | Uint8Array): Promise<ParamsAnswer>;
  /** The exact bytes that hash to `hash`; the caller checks that they do. */
  params(hash: Hash): Promise<Uint8Array>;
  apps(query?: AssetsQuery): Promise<Page<AppAsset>>;
  app(id: bigint): Promise<AppAsset>;
  datasets(query?: AssetsQuery): Promise<Page<DatasetAsset>>;
  pools(query?: AssetsQuery): Promise<Page<PoolAsset>>;
  pool(id: bigint): Promise<PoolAsset>;
  /** Newest first. */
  deals(query?: DealsQuery): Promise<Page<DealRecord>>;
  deal(dealId: Hash): Promise<DealDetails>;
  dealTasks(dealId: Hash, query?: TasksQuery): Promise<Page<TaskRecord>>;
  task(taskId: Hash): Promise<TaskRecord>;
  account(address: Address): Promise<Account>;
}

type MarketClientOptions = {
  /** Base URL, such as `http://127.0.0.1:8480`. */
  readonly url: string;
  /** Default: the global one. Tests pass one that needs no network. */
  readonly fetch?: typeof fetch;
  /** Milliseconds after which one call is given up. Default 30,000. */
  readonly timeoutMs?: number;
};

/** @throws NoOfferError that says for each offer why it does not fit */
export function bestOffer(quote: Quote): Offer {
  const [best] = quote.offers;
  if (best) return best;
  const refused = quote.refused.map((offer) => {
    const why = offer.clauses.map(({ message }) => message).join("; ");
    return `${offer.kind} ${offer.asset}: ${why}`;
  });
  const reasons = [...quote.missing, ...refused];
  throw new NoOfferError(`No offer fits the request\n  ${reasons.join("\n  ")}`, {
    hint: "Raise the maximum price, ask for less, or name another pool; gridmill order list pool shows what is offered",
    details: { quote },
  });
}

/** Opens nothing: a client is its base URL. */
export function createMarketClient(options: MarketClientOptions): MarketClient {
  const call = createCaller(options);
  const get = async <S extends z.ZodType>(path: string, schema: S, query: object = {}): Promise<z.output<S>> =>
    parseAnswer(schema, await call("GET", `${path}${queryString(query)}`), path);
  return {
    info: () => get("/info", MarketInfoSchema),
    ...orderCalls(call, get),
    putParams: async (text) => parseAnswer(ParamsAnswerSchema, await call("PUT", "/params", text), "/params"),
    params: async (hash) => new Uint8Array(await (await call("GET", `/params/${hash}`)).arrayBuffer()),
    apps: (query) => get("/apps", AppPageSchema, query),
    app: (id) => get(`/apps/${id}`, AppAssetSchema),
    datasets: (query) => get("/datasets", DatasetPageSchema, query),
    pools: (query) => get("/pools", PoolPageSchema, query),
    pool: (id) => get(`/pools/${id}`, PoolAssetSchema),
    deals: (query) => get("/deals", DealPageSchema, query),
    deal: (dealId) => get(`/deals/${dealId}`, DealDetailsSchema),
    dealTasks: (dealId, query) => get(`/deals/${dealId}/tasks`, TaskPageSchema, query),
    task: (taskId) => get(`/tasks/${taskId}`, TaskRecordSchema),
    account: (address) => get(`/accounts/${address}`, AccountSchema),
  };
}

type Call = (method: "GET" | "PUT" | "POST", path: string, body?: string | Uint8Array) => Promise<Response>;
type Get = <S extends z.ZodType>(path: string, schema: S, query?: object) => Promise<z.output<S>>;

/** Which schema goes with a kind is known to the tables; that the parsed answer is of that kind, only to us. */
function orderCalls(call: Call, get: Get): Pick<MarketClient, "postOrder" | "orders" | "order" | "quote"> {
  return {
    async postOrder<K extends OrderKind>(kind: K, signed: Signed<OrderByKind[K]>) {
      const path = `/orders/${kind}`;
      const body = toJson({ order: signed.order, signature: signed.signature });
      return (await parseAnswer(BOOK_ORDER_SCHEMAS[kind], await call("POST", path, body), path)) as BookOrder<K>;
    },
    async orders<K extends OrderKind>(kind: K, query: OrdersQuery = {}) {
      return (await get(`/orders/${kind}`, ORDER_PAGE_SCHEMAS[kind], query)) as Page<BookOrder<K>>;
    },
    async order<K extends OrderKind>(kind: K, hash: Hash) {
      return (await get(`/orders/${kind}/${hash}`, BOOK_ORDER_SCHEMAS[kind])) as BookOrder<K>;
    },
    quote: async (request) => parseAnswer(QuoteSchema, await call("POST", "/quote", toJson(request)), "/quote"),
  };
}

function createCaller({ url, fetch: send = fetch, timeoutMs = 30_000 }: MarketClientOptions): Call {
  return async (method, path, body) => {
    const init = { method, signal: AbortSignal.timeout(timeoutMs), ...(body === undefined ? {} : bodyOf(body)) };
    const response = await send(new URL(path, url), init).catch((cause: unknown) => {
      throw unreachable(url, "did not answer", cause);
    });
    if (!response.ok) throw await remoteError(response, url);
    return response;
  };
}

function bodyOf(body: string | Uint8Array): Pick<RequestInit, "body" | "headers"> {
  return { body: body as BodyInit, headers: { "content-type": "application/json" } };
}

async function remoteError(response: Response, url: string): Promise<Error> {
  const answer = ErrorAnswerSchema.safeParse(await response.json().catch(() => undefined));
  if (!answer.success) return unreachable(url, `answered ${response.status}`, answer.error);
  const { error } = answer.data;
  return new RemoteError({ ...error, hint: error.hint } satisfies ErrorData, { details: { status: response.status } });
}

async function parseAnswer<S extends z.ZodType>(schema: S, response: Response, path: string): Promise<z.output<S>> {
  const parsed = schema.safeParse(await response.json().catch(() => undefined));
  if (parsed.success) return parsed.data;
  throw unreachable(response.url, `answered ${path} with something unexpected`, parsed.error);
}

function unreachable(url: string, what: string, cause: unknown): MarketUnreachableError {
  return new MarketUnreachableError(`The market at ${url} ${what}`, {
    cause,
    hint: "Check that it runs (on this machine: gridmill status), and its URL in networks.json",
  });
}

/** Bigints and numbers in decimal; what is undefined stays away. */
function queryString(query: object): string {
  const entries = Object.entries(query).filter(([, value]) => value !== undefined);
  const text = new URLSearchParams(entries.map(([name, value]) => [name, String(value)])).toString();
  return text === "" ? "" : `?${text}`;
}
