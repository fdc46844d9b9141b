import { expect } from "chai";

import { signOrder } from "../../chain/sign.ts";
import { orderHash } from "../../protocol/orders.ts";
import type { Address, Hex } from "../../protocol/primitives.ts";
import { ethers, loadFixture } from "./support/chain.ts";
import { APP, DATASET, FUNDS, MILL, openMarketFixture } from "./support/market.ts";
import { addressOf, match, openDeal, ordersOf, signedOrders, signerOf } from "./support/orders.ts";
import { WALLET } from "./support/wallet.ts";

const PASSWORD = "0xc0ffee";

/** The usual market, where a contract wallet owns the app and has money. */
async function walletOwnsAppFixture() {
  const market = await openMarketFixture();
  const wallet = await ethers.deployContract("WalletMock");
  await wallet.setPassword(PASSWORD);
  await market.appRegistry.connect(market.appOwner).transferFrom(market.appOwner, wallet, APP);
  await market.escrow.connect(market.holder).depositFor(wallet, FUNDS);
  return { ...market, wallet };
}

describe("Marketplace: who signed", function () {
  describe("given a key", function () {
    it("accepts its compact signature of 64 bytes", async function () {
      const market = await loadFixture(openMarketFixture);
      const signed = await signedOrders(market, ordersOf(market));
      const signature = ethers.Signature.from(signed.request.signature).compactSerialized as Hex;

      await match(market, { ...signed, request: { ...signed.request, signature } });
    });

    for (const kind of ["app", "dataset", "pool", "request"] as const) {
      it(`rejects a ${kind} order that somebody else signed`, async function () {
        const market = await loadFixture(openMarketFixture);
        const orders = ordersOf(market, { request: { dataset: DATASET } });
        const signed = await signedOrders(market, orders);
        const signature = await signOrder(kind, orders[kind], market.stranger, market.orderDomain);

        await expect(match(market, { ...signed, [kind]: { order: orders[kind], signature } }))
          .to.be.revertedWithCustomError(market.marketplace, "MarketplaceBadSignature")
          .withArgs(orderHash(kind, orders[kind], market.orderDomain), signerOf(market, kind));
      });

      it(`rejects a ${kind} order that was changed after signing`, async function () {
        const market = await loadFixture(openMarketFixture);
        const orders = ordersOf(market, { request: { dataset: DATASET } });
        const signed = await signedOrders(market, orders);
        const changed = { ...signed[kind], order: { ...orders[kind], expiry: orders[kind].expiry - 1 } };

        await expect(match(market, { ...signed, [kind]: changed })).to.be.revertedWithCustomError(
          market.marketplace,
          "MarketplaceBadSignature",
        );
      });
    }

    it("rejects a signature for another chain or contract", async function () {
      const market = await loadFixture(openMarketFixture);
      const orders = ordersOf(market);
      const domains = [
        { ...market.orderDomain, chainId: market.orderDomain.chainId + 1n },
        { ...market.orderDomain, verifyingContract: market.ballotDomain.verifyingContract },
      ];
      for (const orderDomain of domains) {
        const signed = await signedOrders({ ...market, orderDomain }, orders);

        await expect(match(market, signed)).to.be.revertedWithCustomError(
          market.marketplace,
          "MarketplaceBadSignature",
        );
      }
    });

    for (const [what, length] of [
      ["shorter", 63],
      ["between the two lengths", 66],
    ] as const) {
      it(`rejects a signature that is ${what}`, async function () {
        const market = await loadFixture(openMarketFixture);
        const signed = await signedOrders(market, ordersOf(market));
        const signature: Hex = `0x${"11".repeat(length)}`;

        await expect(
          match(market, { ...signed, request: { ...signed.request, signature } }),
        ).to.be.revertedWithCustomError(market.marketplace, "MarketplaceBadSignature");
      });
    }

    it("rejects the zero address as a requester who cannot sign", async function () {
      const market = await loadFixture(openMarketFixture);
      const nobody = ethers.ZeroAddress as Address;
      const signed = await signedOrders(market, ordersOf(market, { request: { requester: nobody, payer: nobody } }));
      const signature: Hex = `0x${"00".repeat(65)}`;

      await expect(match(market, { ...signed, request: { ...signed.request, signature } }))
        .to.be.revertedWithCustomError(market.marketplace, "MarketplaceBadSignature")
        .withArgs(orderHash("request", signed.request.order, market.orderDomain), nobody);
    });

    it("rejects the malleable twin of a signature", async function () {
      const market = await loadFixture(openMarketFixture);
      const signed = await signedOrders(market, ordersOf(market));
      const { r, s, v } = ethers.Signature.from(signed.request.signature);
      const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
      const twin = ethers.concat([r, ethers.toBeHex(order - BigInt(s), 32), v === 27 ? "0x1c" : "0x1b"]) as Hex;

      await expect(
        match(market, { ...signed, request: { ...signed.request, signature: twin } }),
      ).to.be.revertedWithCustomError(market.marketplace, "MarketplaceBadSignature");
    });
  });

  describe("given approvals on chain", function () {
    it("accepts all four orders without a signature", async function () {
      const market = await loadFixture(openMarketFixture);
      const { marketplace, appOwner, datasetOwner, poolOwner, requester } = market;
      const orders = ordersOf(market, { request: { dataset: DATASET } });
      const hash = orderHash("app", orders.app, market.orderDomain);

      await expect(marketplace.connect(appOwner).approveAppOrder(orders.app))
        .to.emit(marketplace, "OrderApproved")
        .withArgs(appOwner, hash);
      await marketplace.connect(datasetOwner).approveDatasetOrder(orders.dataset);
      await marketplace.connect(poolOwner).approvePoolOrder(orders.pool);
      await marketplace.connect(requester).approveRequestOrder(orders.request);

      expect(await marketplace.isApproved(appOwner, hash)).to.equal(true);
      const unsigned = <T>(order: T) => ({ order, signature: "0x" as const });
      await match(market, {
        app: unsigned(orders.app),
        dataset: unsigned(orders.dataset),
        pool: unsigned(orders.pool),
        request: unsigned(orders.request),
      });
    });

    it("rejects an empty signature without approval, or with somebody else's", async function () {
      const market = await loadFixture(openMarketFixture);
      const orders = ordersOf(market);
      const signed = await signedOrders(market, orders);
      await market.marketplace.connect(market.stranger).approvePoolOrder(orders.pool);

      await expect(match(market, { ...signed, pool: { order: orders.pool, signature: "0x" } }))
        .to.be.revertedWithCustomError(market.marketplace, "MarketplaceBadSignature")
        .withArgs(orderHash("pool", orders.pool, market.orderDomain), market.poolOwner);
    });

    it("lets an approval stand for a signature that is not good", async function () {
      const market = await loadFixture(openMarketFixture);
      const orders = ordersOf(market);
      const signed = await signedOrders(market, orders);
      await market.marketplace.connect(market.poolOwner).approvePoolOrder(orders.pool);
      const signature = await signOrder("pool", orders.pool, market.stranger, market.orderDomain);

      await match(market, { ...signed, pool: { order: orders.pool, signature } });
    });

    it("still lets an approved order be cancelled", async function () {
      const market = await loadFixture(openMarketFixture);
      const orders = ordersOf(market);
      const signed = await signedOrders(market, orders);
      const asOwner = market.marketplace.connect(market.poolOwner);
      await asOwner.approvePoolOrder(orders.pool);
      await asOwner.cancelPoolOrder(orders.pool);

      await expect(
        match(market, { ...signed, pool: { order: orders.pool, signature: "0x" } }),
      ).to.be.revertedWithCustomError(market.marketplace, "MarketplaceOrderExhausted");
    });
  });

  describe("given a contract wallet (ERC-1271)", function () {
    it("accepts what the wallet accepts", async function () {
      const market = await loadFixture(walletOwnsAppFixture);
      const signed = await signedOrders(market, ordersOf(market));

      await match(market, { ...signed, app: { ...signed.app, signature: PASSWORD } });
    });

    it("asks the wallet about an empty signature too", async function () {
      const market = await loadFixture(walletOwnsAppFixture);
      await market.wallet.setPassword("0x");
      const signed = await signedOrders(market, ordersOf(market));

      await match(market, { ...signed, app: { ...signed.app, signature: "0x" } });
    });

    it("lets the wallet be requester and payer", async function () {
      const market = await loadFixture(walletOwnsAppFixture);
      const requester = (await market.wallet.getAddress()).toLowerCase() as Address;
      const signed = await signedOrders(market, ordersOf(market, { request: { requester, payer: requester } }));

      await match(market, {
        ...signed,
        app: { ...signed.app, signature: PASSWORD },
        request: { ...signed.request, signature: PASSWORD },
      });

      expect((await market.escrow.balanceOf(requester)).locked).to.equal(110n * MILL);
    });

    it("lets the wallet approve on chain", async function () {
      const market = await loadFixture(walletOwnsAppFixture);
      const orders = ordersOf(market);
      const call = market.marketplace.interface.encodeFunctionData("approveAppOrder", [orders.app]);
      await market.wallet.execute(market.marketplace, call);
      const signed = await signedOrders(market, orders);

      await match(market, { ...signed, app: { ...signed.app, signature: "0x" } });
      await market.wallet.setMode(WALLET.REVERT);
      const request = ordersOf(market).request;
      const again = await signedOrders(market, { ...orders, request });

      await match(market, { ...again, app: { ...again.app, signature: "0x" } });
    });

    for (const mode of ["REJECT", "REVERT", "BURN_GAS", "SHORT_RETURN", "DIRTY_RETURN"] as const) {
      it(`takes ${mode} for a no`, async function () {
        const market = await loadFixture(walletOwnsAppFixture);
        await market.wallet.setMode(WALLET[mode]);
        const signed = await signedOrders(market, ordersOf(market));

        await expect(match(market, { ...signed, app: { ...signed.app, signature: PASSWORD } }))
          .to.be.revertedWithCustomError(market.marketplace, "MarketplaceBadSignature")
          .withArgs(orderHash("app", signed.app.order, market.orderDomain), market.wallet);
      });
    }

    it("spends at most 100,000 gas on asking it", async function () {
      const market = await loadFixture(walletOwnsAppFixture);
      const signed = await signedOrders(market, ordersOf(market));
      const { app, dataset, pool, request } = { ...signed, app: { ...signed.app, signature: PASSWORD } };
      const accepting = await market.marketplace.matchOrders.estimateGas(app, dataset, pool, request);
      await market.wallet.setMode(WALLET.BURN_GAS);

      const attempt = market.marketplace.matchOrders(app, dataset, pool, request, { gasLimit: 5_000_000n });

      await expect(attempt).to.be.revertedWithCustomError(market.marketplace, "MarketplaceBadSignature");
      const { transactions } = (await ethers.provider.getBlock("latest"))!;
      const { gasUsed } = (await ethers.provider.getTransactionReceipt(transactions[0]!))!;
      expect(gasUsed).to.be.lessThan(accepting + 100_000n);
    });

    it("copies back 32 bytes of whatever it returns", async function () {
      const market = await loadFixture(walletOwnsAppFixture);
      const signed = await signedOrders(market, ordersOf(market));
      const bomb = { ...signed, app: { ...signed.app, signature: PASSWORD as Hex } };
      const polite = await match(market, bomb);
      await market.wallet.setMode(WALLET.RETURN_BOMB);
      const again = await signedOrders(market, ordersOf(market));

      const tx = await match(market, { ...again, app: bomb.app });

      const [politeGas, bombGas] = [(await polite.wait())!.gasUsed, (await tx.wait())!.gasUsed];
      // Making 128 KiB costs the wallet some 45,000; copying it would cost us as much again.
      expect(bombGas - politeGas).to.be.lessThan(60_000n);
    });

    it("asks the key first, so that an account with code can still sign", async function () {
      const market = await loadFixture(openMarketFixture);
      const wallet = await ethers.deployContract("WalletMock");
      await wallet.setMode(WALLET.REVERT);
      const code = await ethers.provider.getCode(wallet);
      await ethers.provider.send("hardhat_setCode", [market.appOwner.address, code]);

      const { deal } = await openDeal(market);

      expect(deal.appOwner).to.equal(addressOf(market.appOwner));
    });
  });
});
