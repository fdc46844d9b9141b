import { expect } from "chai";

import { signOrder } from "../../chain/sign.ts";
import { orderHash } from "../../protocol/orders.ts";
import { callbackDigest } from "../../protocol/digest.ts";
import type { Address, Hex } from "../../protocol/primitives.ts";
import { expectBooksToBalance } from "./support/books.ts";
import { ethers, loadFixture } from "./support/chain.ts";
import { CODE, accountWith } from "./support/codes.ts";
import { delegate, fundedKey } from "./support/delegated.ts";
import { BOND, POOL, openMarketFixture } from "./support/market.ts";
import { CALLBACK_CAPABILITY, WORKER_STAKE, match, openDeal, ordersOf, signedOrders } from "./support/orders.ts";
import { RIGHT, WRONG, agreeing, ascending, roundOf, seal, settle, settleVotes } from "./support/round.ts";

const DATA: Hex = "0xc0ffee";

/** A requester with a key, and its usual orders. */
async function requesterFixture() {
  const market = await openMarketFixture();
  const key = await fundedKey(market, "a requester with a key");
  const requester = key.address.toLowerCase() as Address;
  const orders = ordersOf(market, { request: { requester, payer: requester, beneficiary: requester } });
  const signed = await signedOrders({ ...market, requester: key }, orders);
  const yes = await accountWith(CODE.yes);
  return { market, key, signed, yes };
}

describe("accounts that delegate to code (EIP-7702)", function () {
  describe("given a requester", function () {
    it("still signs with its key, whatever its code says", async function () {
      const { market, key, signed } = await loadFixture(requesterFixture);
      await delegate(market, key, await accountWith(CODE.invalid));
      expect(await ethers.provider.getCode(key.address), "is a delegation").to.match(/^0xef0100/);

      await expect(match(market, signed)).to.emit(market.marketplace, "DealOpened");
    });

    it("is asked by ERC-1271 too: code that says yes to everything lets anybody ask in its name", async function () {
      const { market, key, signed, yes } = await loadFixture(requesterFixture);
      await delegate(market, key, yes);
      const signature = await signOrder("request", signed.request.order, market.stranger, market.orderDomain);

      await expect(match(market, { ...signed, request: { ...signed.request, signature } })).to.emit(
        market.marketplace,
        "DealOpened",
      );
      await expectBooksToBalance(market, [key.address]);
    });

    it("signs by its key alone again when it takes the delegation back", async function () {
      const { market, key, signed, yes } = await loadFixture(requesterFixture);
      await delegate(market, key, yes);
      await delegate(market, key, ethers.ZeroAddress);
      const hash = orderHash("request", signed.request.order, market.orderDomain);

      await expect(match(market, { ...signed, request: { ...signed.request, signature: "0x" } }))
        .to.be.revertedWithCustomError(market.marketplace, "MarketplaceBadSignature")
        .withArgs(hash, key);
      await match(market, signed);
    });

    it("does not become a signer by delegating to an account without code", async function () {
      const { market, key, signed } = await loadFixture(requesterFixture);
      await delegate(market, key, market.stranger.address);

      await expect(
        match(market, { ...signed, request: { ...signed.request, signature: "0x" } }),
      ).to.be.revertedWithCustomError(market.marketplace, "MarketplaceBadSignature");
    });
  });

  describe("given a worker", function () {
    it("votes, and is slashed, by the signature of its key; its code signs nothing", async function () {
      const { market, key, yes } = await loadFixture(requesterFixture);
      await market.hub.connect(key).bond(BOND);
      await delegate(market, key, yes);
      const opened = await openDeal(market);
      const honest = market.workers.slice(0, 3);
      const casts = [...agreeing(honest, opened, RIGHT), ...agreeing([key], opened, WRONG)];
      const round = await roundOf(market, casts);
      await seal(market, round);
      const place = ascending([...honest, key]).indexOf(key);
      const forged = round.ballots.map((ballot, i) => (i === place ? { ...ballot, r: RIGHT, vs: RIGHT } : ballot));

      await expect(settle(market, { ...round, ballots: forged }))
        .to.be.revertedWithCustomError(market.hub, "HubBallotSignature")
        .withArgs(key);
      await expect(settle(market, round)).to.emit(market.hub, "Slashed").withArgs(key, WORKER_STAKE);
    });
  });

  describe("given an operator", function () {
    it("seals and settles as before", async function () {
      const { market, key, yes } = await loadFixture(requesterFixture);
      await market.poolRegistry.connect(market.poolOwner).setOperator(POOL, key);
      await delegate(market, key, yes);
      const opened = await openDeal(market);

      const tx = settleVotes({ ...market, operator: key }, agreeing(market.workers.slice(0, 2), opened));

      await expect(tx).to.emit(market.hub, "TaskSettled").withArgs(opened.dealId, 0n, RIGHT);
    });
  });

  describe("given a receiver of results", function () {
    /** Settles a task whose result goes to the key, which runs this code. */
    async function settleFor(code: Hex) {
      const { market, key } = await loadFixture(requesterFixture);
      await delegate(market, key, await accountWith(code));
      const callback = key.address.toLowerCase() as Address;
      const opened = await openDeal(market, { pool: { capabilities: CALLBACK_CAPABILITY }, request: { callback } });
      const casts = agreeing(market.workers.slice(0, 2), opened, callbackDigest(ethers.getBytes(DATA)));
      const tx = await settleVotes(market, casts, { callbacks: [DATA] });
      await expect(tx).to.emit(market.hub, "TaskSettled");
      return { market, key, tx };
    }

    it("hears them by the code that it delegates to", async function () {
      const { market, tx } = await settleFor(CODE.stop);

      await expect(tx).not.to.emit(market.hub, "CallbackFailed");
    });

    it("hurts nobody else where that code burns its gas", async function () {
      const { market, key, tx } = await settleFor(CODE.endless);

      await expect(tx).to.emit(market.hub, "CallbackFailed");
      await expectBooksToBalance(market, [key.address]);
    });
  });
});
