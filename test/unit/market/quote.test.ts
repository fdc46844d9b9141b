import { expect } from "chai";
import fc from "fast-check";

import { matches } from "../../../market/domain/matches.ts";
import { quoteOf, termsOf } from "../../../market/domain/quote.ts";
import type { Candidate, Candidates, PoolCandidate } from "../../../market/domain/quote.ts";
import { MILL } from "../../../protocol/amounts.ts";
import { QuoteRequestSchema } from "../../../protocol/market-api.ts";
import type { QuoteRequest } from "../../../protocol/market-api.ts";
import type { PoolOrder } from "../../../protocol/orders.ts";
import { UNLIMITED } from "../../../protocol/primitives.ts";
import type { Hash } from "../../../protocol/primitives.ts";
import { APP_ORDER, DATASET_ORDER, POOL_ORDER } from "../../support/market-orders.ts";

let hashes = 0;
const nextHash = (): Hash => `0x${(++hashes).toString(16).padStart(64, "0")}`;
const candidate = <O>(order: O, remaining = UNLIMITED): Candidate<O> => ({
  order,
  remaining,
  hash: nextHash(),
  signature: "0x",
});
const pool = (changes: Partial<PoolOrder> = {}, available = 1_000n * MILL): PoolCandidate => ({
  ...candidate({ ...POOL_ORDER, ...changes }),
  available,
  endpoint: "http://pool.example",
});
const request = (changes: object = {}): QuoteRequest => QuoteRequestSchema.parse({ app: 1n, category: 1, ...changes });
const book = (changes: Partial<Candidates> = {}): Candidates => ({
  apps: [candidate(APP_ORDER)],
  datasets: [],
  pools: [pool()],
  ...changes,
});

describe("quoteOf", function () {
  it("prices a task and the whole volume", function () {
    const [offer] = quoteOf(request({ volume: 3 }), book()).offers;

    expect(offer?.prices).to.deep.equal({ app: MILL, dataset: 0n, pool: 10n * MILL });
    expect([offer?.perTask, offer?.total]).to.deep.equal([11n * MILL, 33n * MILL]);
  });

  it("adds the dataset where one is wanted", function () {
    const { offers } = quoteOf(request({ dataset: 1n }), book({ datasets: [candidate(DATASET_ORDER)] }));

    expect(offers[0]?.perTask).to.equal(13n * MILL);
    expect(offers[0]?.dataset?.order).to.deep.equal(DATASET_ORDER);
  });

  it("chooses for each pool the app order that this pool may use", function () {
    const cheap = candidate({ ...APP_ORDER, price: 0n, onlyPool: 2n });
    const apps = [cheap, candidate(APP_ORDER)];

    const { offers } = quoteOf(request(), book({ apps, pools: [pool(), pool({ pool: 2n })] }));

    expect(offers.map((offer) => [offer.pool.order.pool, offer.perTask])).to.deep.equal([
      [2n, 10n * MILL],
      [1n, 11n * MILL],
    ]);
  });

  it("has grace 0 for a callback", function () {
    const callback = `0x${"c".repeat(40)}` as const;
    const capable = pool({ capabilities: `0x${"0".repeat(63)}2` });

    expect(quoteOf(request({ callback }), book({ pools: [capable] })).offers[0]?.grace).to.equal(0);
    expect(quoteOf(request(), book()).offers[0]?.grace).to.equal(60);
  });

  it("takes a pool whose owner can just stake, and refuses one that lacks a wei", function () {
    const volume = 2;
    const stake = 6n * MILL; // 30 % of 10 MILL, twice

    expect(quoteOf(request({ volume }), book({ pools: [pool({}, stake)] })).offers).to.have.length(1);
    expect(quoteOf(request({ volume }), book({ pools: [pool({}, stake - 1n)] })).refused[0]?.clauses).to.deep.equal([
      { clause: "stake", message: "its owner can stake 5.999999999999999999 MILL, 2 tasks need 6" },
    ]);
  });

  it("takes an order with just enough tasks left, and refuses one with a task too few", function () {
    const apps = (remaining: bigint) => [candidate(APP_ORDER, remaining)];

    expect(quoteOf(request({ volume: 2 }), book({ apps: apps(2n) })).offers).to.have.length(1);
    const { offers, refused } = quoteOf(request({ volume: 3 }), book({ apps: apps(2n) }));
    expect(offers).to.deep.equal([]);
    expect(refused.map(({ kind, clauses }) => [kind, clauses[0]?.clause])).to.deep.equal([
      ["app", "volume"],
      ["pool", "no-app"],
    ]);
  });

  it("says what nobody offers at all", function () {
    const empty = { apps: [], datasets: [], pools: [] };

    expect(quoteOf(request({ dataset: 4n, pool: 9n }), empty).missing).to.deep.equal([
      "nobody offers app 1",
      "nobody offers dataset 4",
      "nobody offers pool 9",
    ]);
  });

  it("offers exactly the combinations that match, cheapest first", function () {
    const order = fc.record({
      pool: fc.bigInt({ min: 1n, max: 3n }),
      price: fc.bigInt({ min: 0n, max: 4n }),
      maxTrust: fc.integer({ min: 1, max: 4 }),
      category: fc.integer({ min: 0, max: 1 }),
      onlyApp: fc.bigInt({ min: 0n, max: 2n }),
    });
    const app = fc.record({ price: fc.bigInt({ min: 0n, max: 4n }), onlyPool: fc.bigInt({ min: 0n, max: 3n }) });
    const byPrice = (a: { price: bigint }, b: { price: bigint }): number => Number(a.price - b.price);

    fc.assert(
      fc.property(fc.array(order, { maxLength: 6 }), fc.array(app, { maxLength: 4 }), (pools, apps) => {
        const wanted = request({ trust: 3, maxPrices: { pool: 3n } });
        const appOrders = apps.sort(byPrice).map((each) => ({ ...APP_ORDER, ...each }));
        const poolOrders = pools.sort(byPrice).map((each) => ({ ...POOL_ORDER, ...each }));
        const terms = termsOf(wanted);
        const best = poolOrders.flatMap((each) => {
          const fitting = appOrders.filter(
            (offered) => matches({ app: offered, dataset: undefined, pool: each, request: terms }).ok,
          );
          return fitting.length === 0 ? [] : [fitting[0]!.price + each.price];
        });
        const { offers } = quoteOf(wanted, {
          apps: appOrders.map((each) => candidate(each)),
          datasets: [],
          pools: poolOrders.map((each) => pool(each)),
        });

        expect(offers.map(({ perTask }) => perTask)).to.deep.equal(best.sort((a, b) => Number(a - b)));
      }),
    );
  });
});
