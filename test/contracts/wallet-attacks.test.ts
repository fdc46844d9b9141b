import { expect } from "chai";
import type { ContractTransactionResponse } from "ethers";

import { ZERO_HASH } from "../../protocol/primitives.ts";
import { matchBatch, outcomeOf, requests } from "./support/batch.ts";
import { expectBooksToBalance } from "./support/books.ts";
import { loadFixture, setCode } from "./support/chain.ts";
import { CODE, accountWith, meddling } from "./support/codes.ts";
import { FUNDS, openMarketFixture } from "./support/market.ts";
import { match, ordersOf, signedOrders } from "./support/orders.ts";
import type { SignedOrders } from "./support/orders.ts";

/** What Hardhat throws: with what was reverted with, or with what it knows of a lack of gas. */
type Refusal = { readonly data: string | { readonly data: string } };

/** A wallet with money that accepts every signature, its request, and one of the usual requester. */
async function walletAsksFixture() {
  const market = await openMarketFixture();
  const wallet = await accountWith(CODE.yes, "a requester's wallet");
  await market.escrow.connect(market.holder).depositFor(wallet, FUNDS);
  const signed = await signedOrders(market, ordersOf(market, { request: { requester: wallet, payer: wallet } }));
  const request = { ...signed.request, signature: "0x" as const };
  const [usual] = await requests(market, [{}]);
  return { market, wallet, signed: { ...signed, request }, usual: usual! };
}

/** What it costs to pass over a request besides. */
const SKIPPING = 30_000n;

const none = (signed: SignedOrders["dataset"]): SignedOrders["dataset"] => ({
  ...signed,
  order: { ...signed.order, dataset: 0n },
});

async function goesThrough(sent: Promise<ContractTransactionResponse>): Promise<boolean> {
  return sent.then(
    () => true,
    () => false,
  );
}

describe("contract wallets that cheat (ERC-1271)", function () {
  describe("given a wallet that changes its mind", function () {
    it("makes a match fail that a simulation promised, at the expense of whoever sends it", async function () {
      const { market, wallet, signed } = await loadFixture(walletAsksFixture);
      const { app, dataset, pool, request } = signed;
      await market.marketplace.matchOrders.staticCall(app, dataset, pool, request);
      await setCode(wallet, CODE.stop);

      await expect(match(market, signed)).to.be.revertedWithCustomError(market.marketplace, "MarketplaceBadSignature");
    });

    it("makes no batch fail: it is passed over, and the others are served", async function () {
      const { market, wallet, signed, usual } = await loadFixture(walletAsksFixture);
      const { app, dataset, pool, request } = signed;
      const promised = await market.marketplace.matchBatch.staticCall(app, none(dataset), pool, [request, usual]);
      await setCode(wallet, CODE.stop);

      const { deals, skipped } = await outcomeOf(market, await matchBatch(market, [request, usual]));

      expect(promised).not.to.include(ZERO_HASH);
      expect(skipped.map(({ error }) => error)).to.deep.equal(["MarketplaceBadSignature"]);
      expect(deals.map(({ requester }) => requester)).to.deep.equal([usual.order.requester]);
    });

    it("keeps a deal that it accepted, whatever becomes of its code", async function () {
      const { market, wallet, signed } = await loadFixture(walletAsksFixture);
      await match(market, signed);
      await setCode(wallet, CODE.invalid);

      const { locked } = await market.escrow.balanceOf(wallet);

      expect(locked).to.be.greaterThan(0n);
      await expectBooksToBalance(market, [wallet]);
    });
  });

  describe("given a wallet that meddles while it is asked", function () {
    for (const signature of ["cancelAll()", "sweepBurned()", "withdrawBond()"] as const) {
      it(`cannot call ${signature} then`, async function () {
        const { market, wallet, signed } = await loadFixture(walletAsksFixture);
        const { marketplace, escrow, hub } = market;
        const target = { "cancelAll()": marketplace, "sweepBurned()": escrow, "withdrawBond()": hub }[signature];
        await setCode(wallet, meddling(await target.getAddress(), signature));

        // It accepts where its call failed.
        await expect(match(market, signed)).to.emit(marketplace, "DealOpened");
      });
    }
  });

  describe("given a wallet that returns too much or burns its gas", function () {
    for (const code of ["returnMib", "revertMib", "invalid", "endless", "selfDestruct"] as const) {
      it(`takes ${code} for a no, for at most 100,000 gas`, async function () {
        const { market, wallet, signed, usual } = await loadFixture(walletAsksFixture);
        const alone = (await (await matchBatch(market, await requests(market, [{}]))).wait())!.gasUsed;
        await setCode(wallet, CODE[code]);

        const tx = await matchBatch(market, [signed.request, usual]);

        const { skipped } = await outcomeOf(market, tx);
        expect(skipped.map(({ error }) => error)).to.deep.equal(["MarketplaceBadSignature"]);
        expect((await tx.wait())!.gasUsed - alone).to.be.lessThan(100_000n + SKIPPING);
      });
    }
  });

  describe("given less gas than a wallet may use", function () {
    it("reverts a match rather than open something else than was promised", async function () {
      const { market, wallet, signed } = await loadFixture(walletAsksFixture);
      await setCode(wallet, CODE.needy);
      const { app, dataset, pool, request } = signed;
      const { matchOrders } = market.marketplace.connect(market.stranger);
      const enough = await matchOrders.estimateGas(app, dataset, pool, request);

      for (const share of [30n, 60n, 80n, 90n, 95n, 99n]) {
        const gasLimit = (enough * share) / 100n;
        expect(await goesThrough(matchOrders(app, dataset, pool, request, { gasLimit })), `${share} %`).to.equal(false);
      }
      await expect(match(market, signed)).to.emit(market.marketplace, "DealOpened");
    });

    it("reverts a batch rather than pass over a request whose wallet had too little", async function () {
      const { market, wallet, signed } = await loadFixture(walletAsksFixture);
      await setCode(wallet, CODE.needy);
      const { app, dataset, pool, request } = signed;
      const { matchBatch: send } = market.marketplace.connect(market.stranger);
      const { requester, nonce } = request.order;

      const refusals: string[] = [];
      let opened = 0;
      for (let gasLimit = 60_000n; opened === 0 && gasLimit < 1_000_000n; gasLimit += 10_000n) {
        const tx = await send(app, none(dataset), pool, [request], { gasLimit }).catch(({ data }: Refusal) => {
          refusals.push(typeof data === "string" ? data : data.data);
        });
        if (tx) opened = (await outcomeOf(market, tx)).deals.length;
        expect(opened === 1, `with ${gasLimit}`).to.equal(Boolean(tx));
        expect(await market.marketplace.isNonceUsed(requester, nonce), `with ${gasLimit}`).to.equal(opened === 1);
      }
      expect(opened, "opened in the end").to.equal(1);
      const problem = market.marketplace.interface.getError("MarketplaceWalletGas")!;
      expect(refusals.some((data) => data.startsWith(problem.selector))).to.equal(true);
      await expectBooksToBalance(market, [wallet]);
    });
  });
});
