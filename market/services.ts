import type { JsonRpcApiProvider } from "ethers";

import type { ChainReader } from "../chain/reader.ts";
import { signerOf } from "../chain/signed-by.ts";
import type { SigningDomain } from "../protocol/orders.ts";

import { createChainClock } from "./chain/chain-clock.ts";
import type { ChainClock } from "./chain/chain-clock.ts";
import { createChainView } from "./chain/market-chain.ts";
import { createChainFacts } from "./domain/chain-facts.ts";
import type { ChainView } from "./domain/chain-view.ts";
import { createFollower } from "./domain/follow.ts";
import type { Follower } from "./domain/follow.ts";
import type { Book } from "./domain/ports.ts";
import type { PostOrderDeps } from "./domain/post-order.ts";
import { createAssetQueries } from "./store/asset-queries.ts";
import type { AssetQueries } from "./store/asset-queries.ts";
import { createBook } from "./store/book-store.ts";
import type { Database } from "./store/database.ts";
import { createDealQueries } from "./store/deal-queries.ts";
import type { DealQueries } from "./store/deal-queries.ts";
import { createDeals } from "./store/deal-store.ts";
import { createFeedStore } from "./store/feed-store.ts";
import type { FeedStore } from "./store/feed-store.ts";
import { createOrderQueries } from "./store/order-queries.ts";
import type { OrderQueries } from "./store/order-queries.ts";
import { createParamsStore } from "./store/params-store.ts";
import type { KeptParams } from "./store/params-store.ts";
import { createStateStore } from "./store/state-store.ts";
import type { StateStore } from "./store/state-store.ts";

/** Everything that the market's doors and loops work with. */
export type Services = {
  readonly chainId: number;
  readonly orderDomain: SigningDomain;
  readonly ballotDomain: SigningDomain;
  readonly chain: ChainView;
  readonly clock: ChainClock;
  readonly book: Book;
  readonly orders: OrderQueries;
  readonly assets: AssetQueries;
  readonly deals: DealQueries;
  readonly params: KeptParams;
  readonly feed: FeedStore;
  readonly state: StateStore;
  readonly follower: Follower;
  readonly posting: PostOrderDeps;
};

/** What a market writes to; tests put their own around it. */
export type MarketPorts = {
  readonly createBook: typeof createBook;
  readonly createDeals: typeof createDeals;
  readonly createParams: typeof createParamsStore;
  readonly createState: typeof createStateStore;
};

const REAL_PORTS: MarketPorts = {
  createBook,
  createDeals,
  createParams: createParamsStore,
  createState: createStateStore,
};

/** What the parts stand on. */
type Ground = { readonly db: Database; readonly reader: ChainReader; readonly provider: JsonRpcApiProvider };

/** Puts the parts together; starts nothing. Reads the chain's time once. */
export async function createServices(
  { db, reader, provider }: Ground,
  given: Partial<MarketPorts> = {},
): Promise<Services> {
  const ports = { ...REAL_PORTS, ...given };
  const chain = createChainView(reader, provider);
  const clock = await createChainClock(() => chain.time());
  const book = ports.createBook(db);
  const facts = createChainFacts({ chain, book });
  const params = ports.createParams(db);
  const { chainId, orderDomain, ballotDomain } = reader;
  return {
    chainId,
    orderDomain,
    ballotDomain,
    chain,
    clock,
    book,
    params,
    orders: createOrderQueries(db),
    assets: createAssetQueries(db),
    deals: createDealQueries(db),
    feed: createFeedStore(db),
    state: ports.createState(db),
    follower: createFollower({ facts, book, deals: ports.createDeals(db), clock }),
    posting: { domain: orderDomain, chain, facts, book, params, clock, recover: signerOf },
  };
}
