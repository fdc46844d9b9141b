import { expect } from "chai";
import { concat, dataSlice, toBeHex } from "ethers";

import { signOrder } from "../../chain/sign.ts";
import { orderHash, signingDomain } from "../../protocol/orders.ts";
import type { SigningDomain } from "../../protocol/orders.ts";
import type { Address, Hash, Hex } from "../../protocol/primitives.ts";
import { ethers, loadFixture } from "./support/chain.ts";
import { LANE, POOL, openMarketFixture } from "./support/market.ts";
import type { Market } from "./support/market.ts";
import { match, openDeal, ordersOf, signedOrders } from "./support/orders.ts";
import { agreeing, roundOf, seal, settle } from "./support/round.ts";
import type { RoundOptions } from "./support/round.ts";

const ELSEWHERE: Address = `0x${"e1".repeat(20)}`;

/** Two markets of the same people on one chain. */
async function twoMarketsFixture() {
  const [market, other] = [await openMarketFixture(), await openMarketFixture()];
  return { market, other };
}

/** Two votes for one task are sealed. */
async function sealedFixture() {
  const market = await openMarketFixture();
  const casts = agreeing(market.workers.slice(0, 2), await openDeal(market));
  const round = await roundOf(market, casts);
  await seal(market, round);
  return { market, casts, round };
}

describe("signatures used for something else", function () {
  describe("given an order's", function () {
    it("is worth nothing in another market of the same assets and people", async function () {
      const { market, other } = await loadFixture(twoMarketsFixture);
      const signed = await signedOrders(market, ordersOf(market));

      await expect(match(other, signed)).to.be.revertedWithCustomError(other.marketplace, "MarketplaceBadSignature");
      await expect(match(market, signed)).to.emit(market.marketplace, "DealOpened");
      await expect(match(other, signed)).to.be.revertedWithCustomError(other.marketplace, "MarketplaceBadSignature");
    });

    it("does not stand for an order of another kind with the same words", async function () {
      const market = await loadFixture(openMarketFixture);
      const { datasetRegistry, datasetOwner, appOwner } = market;
      await datasetRegistry.connect(datasetOwner).transferFrom(datasetOwner, appOwner, 1n);
      const orders = ordersOf(market, { request: { dataset: 1n } });
      const signed = await signedOrders({ ...market, datasetOwner: appOwner }, orders);
      const { dataset } = orders;
      const twin = { ...orders.app, app: dataset.dataset, price: dataset.price };
      const signature = await signOrder("app", twin, appOwner, market.orderDomain);

      await expect(match(market, { ...signed, dataset: { order: dataset, signature } }))
        .to.be.revertedWithCustomError(market.marketplace, "MarketplaceBadSignature")
        .withArgs(orderHash("dataset", dataset, market.orderDomain), appOwner);
      await match(market, signed);
    });

    /** What can be done to 65 good bytes (r, s, v). */
    const FORMS: readonly { readonly what: string; readonly v?: number; readonly change: (good: Hex) => string }[] = [
      { what: "v of 0 or 1", change: (good) => concat([dataSlice(good, 0, 64), toBeHex(vOf(good) - 27, 1)]) },
      { what: "the other v", change: (good) => concat([dataSlice(good, 0, 64), toBeHex(55 - vOf(good), 1)]) },
      { what: "v beyond both", change: (good) => concat([dataSlice(good, 0, 64), "0x1d"]) },
      { what: "a byte behind it", change: (good) => concat([good, "0x00"]) },
      { what: "a word behind it", change: (good) => concat([good, ethers.ZeroHash]) },
      { what: "itself behind it", change: (good) => concat([good, good]) },
      {
        what: "its last byte gone, where that is not its compact form",
        v: 28,
        change: (good) => dataSlice(good, 0, 64),
      },
      { what: "the compact form and the other parity", change: (good) => flipped(compact(good)) },
      { what: "the parity of its compact form within s", v: 28, change: (good) => concat([compact(good), "0x1b"]) },
      { what: "r of zero", change: (good) => concat([ethers.ZeroHash, dataSlice(good, 32)]) },
      { what: "s of zero", change: (good) => concat([dataSlice(good, 0, 32), ethers.ZeroHash, dataSlice(good, 64)]) },
    ];
    for (const { what, v, change } of FORMS) {
      it(`is no signature with ${what}`, async function () {
        const market = await loadFixture(openMarketFixture);
        for (const parity of v === undefined ? [27, 28] : [v]) {
          const signed = await withParity(market, parity);
          const request = { ...signed.request, signature: change(signed.request.signature) as Hex };

          await expect(match(market, { ...signed, request }))
            .to.be.revertedWithCustomError(market.marketplace, "MarketplaceBadSignature")
            .withArgs(orderHash("request", request.order, market.orderDomain), market.requester);
        }
      });
    }

    it("is not a message that its signer wrote about the order's hash", async function () {
      const market = await loadFixture(openMarketFixture);
      const signed = await signedOrders(market, ordersOf(market));
      const hash = orderHash("request", signed.request.order, market.orderDomain);
      const signature = (await market.requester.signMessage(ethers.getBytes(hash))) as Hex;

      await expect(
        match(market, { ...signed, request: { ...signed.request, signature } }),
      ).to.be.revertedWithCustomError(market.marketplace, "MarketplaceBadSignature");
    });

    /** Orders whose request's signature has this v. */
    async function withParity(market: Market, v: number) {
      for (;;) {
        const signed = await signedOrders(market, ordersOf(market));
        if (vOf(signed.request.signature) === v) return signed;
      }
    }
  });

  describe("given a ballot's", function () {
    const DOMAINS: Readonly<Record<string, (market: Market) => SigningDomain>> = {
      "the marketplace, whose domain has the same name": ({ orderDomain }) => orderDomain,
      "another chain": ({ ballotDomain }) => ({ ...ballotDomain, chainId: ballotDomain.chainId + 1n }),
      "another hub": ({ ballotDomain }) => signingDomain(ballotDomain.chainId, ELSEWHERE),
    };
    for (const [what, domainOf] of Object.entries(DOMAINS)) {
      it(`is worth nothing when it was meant for ${what}`, async function () {
        const { market, casts } = await loadFixture(sealedFixture);

        await expectRefused(market, await roundOf({ ...market, ballotDomain: domainOf(market) }, casts, { epoch: 1 }));
      });
    }

    const OTHER: Readonly<Record<string, RoundOptions>> = {
      "another pool": { pool: POOL + 1n },
      "another lane": { lane: LANE + 1 },
      "another epoch": { epoch: 2 },
    };
    for (const [what, options] of Object.entries(OTHER)) {
      it(`is worth nothing when it was meant for ${what}`, async function () {
        const { market, casts, round } = await loadFixture(sealedFixture);
        const { ballots } = await roundOf(market, casts, { epoch: 1, ...options });

        await expectRefused(market, { ...round, ballots });
      });
    }

    it("is worth nothing with a longer life than was signed, or half of it of another worker's", async function () {
      const { market, round } = await loadFixture(sealedFixture);
      const [first, second] = round.ballots;

      for (const change of [{ sealBy: first!.sealBy - 1 }, { r: second!.r }, { vs: second!.vs }]) {
        await expectRefused(market, { ...round, ballots: [{ ...first!, ...change }, second!] });
      }
    });

    it("is worth nothing with the other parity, or as zeros", async function () {
      const { market, round } = await loadFixture(sealedFixture);
      const [first, second] = round.ballots;
      const other = flipped(concat([first!.r, first!.vs]));
      const zeros = { r: ethers.ZeroHash as Hash, vs: ethers.ZeroHash as Hash };

      for (const change of [{ vs: dataSlice(other, 32) as Hash }, zeros]) {
        await expectRefused(market, { ...round, ballots: [{ ...first!, ...change }, second!] });
      }
    });

    it("cannot be nobody's", async function () {
      const { market, round } = await loadFixture(sealedFixture);
      const [first, second] = round.ballots;
      const nobody = { ...first!, worker: ethers.ZeroAddress as Address };

      await expect(settle(market, { ...round, ballots: [nobody, second!] }))
        .to.be.revertedWithCustomError(market.hub, "HubBallotsUnsorted")
        .withArgs(ethers.ZeroAddress);
    });

    async function expectRefused(market: Market, round: Parameters<typeof settle>[1]): Promise<void> {
      await expect(settle(market, round))
        .to.be.revertedWithCustomError(market.hub, "HubBallotSignature")
        .withArgs(market.workers[0]);
    }
  });

  const vOf = (signature: string): number => Number(dataSlice(signature, 64));
  const compact = (signature: string): string => ethers.Signature.from(signature).compactSerialized;

  /** The compact signature with the other parity, which is its 257th bit. */
  function flipped(signature: string): Hex {
    const vs = BigInt(dataSlice(signature, 32)) ^ (1n << 255n);
    return concat([dataSlice(signature, 0, 32), toBeHex(vs, 32)]) as Hex;
  }
});
