import { expect } from "chai";

import { createChainFacts } from "../../../market/domain/chain-facts.ts";
import type { ChainView } from "../../../market/domain/chain-view.ts";
import { TOTAL_SUPPLY } from "../../../market/domain/order-terms.ts";
import { MAX_OPEN_ORDERS, postOrder } from "../../../market/domain/post-order.ts";
import type { Posted } from "../../../market/domain/post-order.ts";
import type { Book } from "../../../market/domain/ports.ts";
import { codeOf } from "../../../protocol/errors.ts";
import { signingDomain } from "../../../protocol/orders.ts";
import type { AppOrder } from "../../../protocol/orders.ts";
import { ZERO_ADDRESS } from "../../../protocol/primitives.ts";
import { APP_ORDER } from "../../support/market-orders.ts";

import { fakeBook, fakeChain } from "./fake-market.ts";

const OWNER = `0x${"a".repeat(40)}` as const;
const NOW = 1_000;

type World = { readonly chain?: Partial<ChainView>; readonly book?: Partial<Book>; readonly order?: Partial<AppOrder> };

function post({ chain = {}, book = {}, order = {} }: World): {
  readonly posted: Promise<Posted>;
  readonly told: readonly string[];
} {
  const view = fakeChain({ asset: async () => ({ owner: OWNER }), ...chain });
  const kept = fakeBook(book);
  const deps = {
    domain: signingDomain(1n, ZERO_ADDRESS),
    chain: view,
    book: kept,
    facts: createChainFacts({ chain: view, book: kept }),
    params: { has: async () => true, put: async () => {}, get: async () => undefined },
    clock: { now: () => NOW },
    recover: () => undefined,
  };
  const signed = { order: { ...APP_ORDER, ...order }, signature: "0x12" } as const;
  return { posted: postOrder(deps, "app", signed), told: kept.told };
}

const codeFrom = (world: World): Promise<string> => post(world).posted.then(() => "taken", codeOf);

describe("postOrder", function () {
  it("takes an order at its expiry, and refuses it one second later", async function () {
    expect(await codeFrom({ order: { expiry: NOW } })).to.equal("taken");
    expect(await codeFrom({ order: { expiry: NOW - 1 } })).to.equal("GM_ORDER_EXPIRED");
  });

  it("takes a price of all MILL there is, and refuses one wei more", async function () {
    expect(await codeFrom({ order: { price: TOTAL_SUPPLY } })).to.equal("taken");
    expect(await codeFrom({ order: { price: TOTAL_SUPPLY + 1n } })).to.equal("GM_ORDER_PRICE");
  });

  it("takes a signer's thousandth open order, and refuses the next", async function () {
    const open = (count: number): Partial<Book> => ({ countOpen: async () => count });

    expect(await codeFrom({ book: open(MAX_OPEN_ORDERS - 1) })).to.equal("taken");
    expect(await codeFrom({ book: open(MAX_OPEN_ORDERS) })).to.equal("GM_TOO_MANY_ORDERS");
  });

  it("takes an order with one task left, and refuses one that is used up", async function () {
    const used = (consumed: bigint): World => ({ chain: { consumed: async () => consumed }, order: { volume: 5n } });

    expect(await codeFrom(used(4n))).to.equal("taken");
    expect(await codeFrom(used(5n))).to.equal("GM_ORDER_EXHAUSTED");
  });

  it("passes on that no node answered, and keeps nothing", async function () {
    const { posted, told } = post({ chain: { counter: () => Promise.reject(new Error("no node")) } });

    expect(await posted.catch((error: Error) => error.message)).to.equal("no node");
    expect(told).to.deep.equal([]);
  });

  it("reads the facts again once the order is in the book, so that nothing in between is missed", async function () {
    const { posted, told } = post({});
    await posted;

    expect(told[0]).to.equal("insert app");
    expect(told.slice(1, -1).map((line) => line.split(" ")[0])).to.have.members(["account", "use", "asset"]);
    expect(told.at(-1)).to.match(/^judge hash 0x/);
  });
});
