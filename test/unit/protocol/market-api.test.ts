import { expect } from "chai";

import {
  DealsQuerySchema,
  ErrorAnswerSchema,
  MarketInfoSchema,
  OrdersQuerySchema,
  QuoteRequestSchema,
} from "../../../protocol/market-api.ts";
import { ZERO_ADDRESS, ZERO_HASH } from "../../../protocol/primitives.ts";
import { account } from "./arbitraries.ts";

describe("the market's interface", function () {
  it("pages are of 50, or of 1 to 200", function () {
    const limitOf = (limit?: string) => DealsQuerySchema.safeParse({ limit }).data?.limit;

    expect(["1", "200", undefined].map(limitOf)).to.deep.equal([1, 200, 50]);
    expect(["0", "201", "-1", "x", ""].map(limitOf)).to.deep.equal(Array(5).fill(undefined));
  });

  it("queries are read from text, ask for active orders, and know no other field", function () {
    expect(OrdersQuerySchema.parse({ app: "7", signer: `0x${"AB".repeat(20)}` })).to.deep.equal({
      ...{ app: 7n, signer: `0x${"ab".repeat(20)}`, status: "active", limit: 50 },
    });
    expect(OrdersQuerySchema.safeParse({ status: "any" }).success).to.equal(true);
    expect(OrdersQuerySchema.safeParse({ status: "lost" }).success).to.equal(false);
    expect(OrdersQuerySchema.safeParse({ colour: "red" }).success).to.equal(false);
  });

  it("a quote asks at least for an app and a category; the rest is the least that can be asked", function () {
    expect(QuoteRequestSchema.parse({ app: "1", category: 0 })).to.deep.equal({
      ...{ app: 1n, dataset: 0n, pool: 0n, category: 0, trust: 2, volume: 1, maxPrices: {} },
      ...{ requirements: ZERO_HASH, requester: ZERO_ADDRESS, callback: ZERO_ADDRESS },
    });
    expect(QuoteRequestSchema.safeParse({ app: "1" }).success).to.equal(false);
  });

  for (const [field, ok, refused] of [
    ["category", 4, 5],
    ["trust", 2, 1],
    ["volume", 1, 0],
    ["volume", 2 ** 32 - 1, 2 ** 32],
    ["maxPrices", { pool: 2n ** 128n - 1n }, { pool: 2n ** 128n }],
    ["maxPrices", {}, { worker: 1n }],
    ["requester", account(1), "0x1"],
  ] as const) {
    it(`a quote's ${field} has its bounds`, function () {
      const accepts = (value: unknown) =>
        QuoteRequestSchema.safeParse({ app: 1n, category: 0, [field]: value }).success;

      expect(accepts(ok)).to.equal(true);
      expect(accepts(refused)).to.equal(false);
    });
  }

  it("errors are known by their code", function () {
    const said = (code: string) =>
      ErrorAnswerSchema.safeParse({ error: { code, message: "", retryable: true } }).success;

    expect(["GM_A", `GM_${"A".repeat(64)}`].map(said)).to.deep.equal([true, true]);
    expect(["GM_", `GM_${"A".repeat(65)}`, "E_A", "GM_a"].map(said)).to.deep.equal(Array(4).fill(false));
  });

  it("answers of a newer market are understood without what is new", function () {
    const info = { chainId: 1, marketplace: account(1), hub: account(2), block: 3, seq: 4 };

    expect(MarketInfoSchema.parse({ ...info, mood: "fine" })).to.deep.equal(info);
  });
});
