import { expect } from "chai";
import { AbiCoder } from "ethers";
import type { ParamType } from "ethers";

import { matchBatch, outcomeOf, requests } from "./support/batch.ts";
import { loadFixture } from "./support/chain.ts";
import { DATASET, openMarketFixture } from "./support/market.ts";
import type { Market } from "./support/market.ts";
import { addressOf, ordersOf, signedOrders } from "./support/orders.ts";
import type { Changes } from "./support/orders.ts";
import { TERMS } from "./support/terms.ts";

/** A batch of one request with these changes, and of its asks. */
async function batchOf(market: Market, { request = {}, ...asks }: Changes) {
  const dataset = request.dataset ? (asks.dataset ?? {}) : { dataset: 0n };
  return matchBatch(market, await requests(market, [request]), { ...asks, dataset });
}

/** Faults of an ask itself, and assets that nobody has registered: they stop the whole batch. */
const STOPS = /worker stake|scheduler share|grace|app that is asked|dataset that is asked/;

describe("Marketplace: terms of a batch", function () {
  for (const { term, accepts, rejects, error, args } of TERMS.filter(({ term }) => !STOPS.test(term))) {
    it(`has ${term}`, async function () {
      const market = await loadFixture(openMarketFixture);

      const { deals, skipped } = await outcomeOf(market, await batchOf(market, rejects));

      expect(deals).to.have.lengthOf(0);
      expect(skipped.map((each) => [each.error, ...each.args])).to.deep.equal([[error, ...args]]);
      for (const changes of accepts) {
        const one = await loadFixture(openMarketFixture);
        expect((await outcomeOf(one, await batchOf(one, changes))).deals).to.have.lengthOf(1);
      }
    });
  }

  for (const kind of ["app", "dataset", "pool"] as const) {
    it(`leaves out whom the ${kind} is not for, and serves whom it is for`, async function () {
      for (const isOther of [true, false]) {
        const market = await loadFixture(openMarketFixture);
        const only = addressOf(isOther ? market.stranger : market.requester);

        const batch = await batchOf(market, { [kind]: { onlyRequester: only }, request: { dataset: DATASET } });

        const { deals, skipped } = await outcomeOf(market, batch);
        expect(skipped.map(({ error }) => error)).to.deep.equal(isOther ? ["MarketplaceRequesterRestricted"] : []);
        expect(deals).to.have.lengthOf(isOther ? 0 : 1);
      }
    });
  }

  it("leaves out everybody where two asks are each for somebody else", async function () {
    const market = await loadFixture(openMarketFixture);
    const [own, other] = [market.requester, market.stranger].map((only) => ({ onlyRequester: addressOf(only) }));

    for (const asks of [
      { app: own!, pool: other! },
      { app: other!, pool: own! },
    ]) {
      const { skipped } = await outcomeOf(market, await batchOf(market, asks));

      expect(skipped.map(({ error }) => error)).to.deep.equal(["MarketplaceRequesterRestricted"]);
    }
  });

  it("stops at a request of which any word holds more than its type, signed or not", async function () {
    const market = await loadFixture(openMarketFixture);
    const { app, dataset, pool, request } = await signedOrders(market, ordersOf(market, { dataset: { dataset: 0n } }));
    const { matchBatch: send, interface: abi } = market.marketplace;
    const type = send.fragment.inputs[3]!.arrayChildren!.components![0]!;
    const words = AbiCoder.defaultAbiCoder().encode([type], [request.order]).slice(2);
    const data = abi.encodeFunctionData("matchBatch", [app, dataset, pool, [request]]);
    const narrow = type.components!.map(bitsOf).flatMap((bits, word) => (bits < 256 ? [{ bits, word }] : []));

    expect(data.split(words)).to.have.lengthOf(2);
    expect(narrow).to.have.lengthOf(12);
    for (const { bits, word } of narrow) {
      const dirty = data.replace(words, withBit(words, word, bits));
      await expect(
        market.stranger.sendTransaction({ to: market.marketplace, data: dirty }),
        `word ${word}`,
      ).to.be.revertedWithCustomError(market.marketplace, "MarketplaceRequestMalformed");
    }
  });
});

/** Bits that a value of this type has. */
function bitsOf({ type }: ParamType): number {
  return type === "address" ? 160 : Number(/^uint(\d+)$/.exec(type)?.[1] ?? 256);
}

/** The words with one bit more. */
function withBit(words: string, word: number, bit: number): string {
  const at = 64 * word;
  const value = BigInt(`0x${words.slice(at, at + 64)}`) | (1n << BigInt(bit));
  return words.slice(0, at) + value.toString(16).padStart(64, "0") + words.slice(at + 64);
}
