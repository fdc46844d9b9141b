import { expect } from "chai";
import type { Result } from "ethers";

import { callbackDigest, failDigest, failText } from "../../protocol/digest.ts";
import { ORDER_SCHEMAS } from "../../protocol/orders.ts";
import type { RequestOrder } from "../../protocol/orders.ts";
import { ZERO_ADDRESS, ZERO_HASH } from "../../protocol/primitives.ts";
import type { Hash, Hex } from "../../protocol/primitives.ts";
import { expectBooksToBalance } from "./support/books.ts";
import { ethers, loadFixture } from "./support/chain.ts";
import { APP, MILL, openMarketFixture } from "./support/market.ts";
import {
  APP_PRICE,
  CALLBACK_CAPABILITY,
  POOL_PRICE,
  match,
  openedBy,
  ordersOf,
  signedOrders,
} from "./support/orders.ts";
import { agreeing, settleVotes } from "./support/round.ts";

/** As in ConsumerMock. */
const BURN_GAS = 2;
const DATA: Hex = "0xc0ffee";
const DIGEST = callbackDigest(ethers.getBytes(DATA));

/** A contract with money in the escrow that has asked for two answers. */
async function askedFixture() {
  const market = await openMarketFixture();
  const consumer = await ethers.deployContract("ConsumerMock", [market.marketplace]);
  await market.escrow.connect(market.holder).depositFor(consumer, 1_000n * MILL);
  const wanted = {
    ...{ app: APP, pool: 0n, maxAppPrice: APP_PRICE, maxPoolPrice: POOL_PRICE, trust: 3, maxWeight: 16, category: 0 },
    ...{ requirements: ZERO_HASH, volume: 2, beneficiary: ZERO_ADDRESS },
  };
  const tx = await consumer.ask(wanted, "{}", 600);
  const [event] = await consumer.queryFilter(consumer.filters.ComputationAsked(), tx.blockNumber!);
  const request = ORDER_SCHEMAS.request.parse((event!.args.order as unknown as Result).toObject());
  const requestHash = event!.args.requestHash as Hash;
  /** Anybody sends the match, and nobody signs the request. */
  const matchIt = async (changes: Partial<RequestOrder> = {}) => {
    const orders = ordersOf(market, { pool: { capabilities: CALLBACK_CAPABILITY } });
    const signed = await signedOrders(market, { ...orders, request: { ...request, ...changes } });
    return match(market, { ...signed, request: { ...signed.request, signature: "0x" } });
  };
  return { market, consumer, request, requestHash, matchIt };
}

describe("a contract that asks for computations", function () {
  it("pays from its own account for what it asked for", async function () {
    const { market, consumer, matchIt } = await loadFixture(askedFixture);

    const { deal } = await openedBy(market, await matchIt());

    const address = (await consumer.getAddress()).toLowerCase();
    expect([deal.requester, deal.payer, deal.callback]).to.deep.equal([address, address, address]);
    expect((await market.escrow.balanceOf(consumer)).locked).to.equal(2n * (APP_PRICE + POOL_PRICE));
  });

  it("pays once, and for nothing else", async function () {
    const { market, consumer, matchIt } = await loadFixture(askedFixture);

    await expect(matchIt({ volume: 3 })).to.be.revertedWithCustomError(market.marketplace, "MarketplaceBadSignature");
    await expect(matchIt({ nonce: 1n })).to.be.revertedWithCustomError(market.marketplace, "MarketplaceBadSignature");
    await matchIt();
    await expect(matchIt()).to.be.revertedWithCustomError(market.marketplace, "MarketplaceNonceUsed");
    expect((await market.escrow.balanceOf(consumer)).locked).to.equal(2n * (APP_PRICE + POOL_PRICE));
  });

  it("is called back by the hub with each answer", async function () {
    const { market, consumer, requestHash, matchIt } = await loadFixture(askedFixture);
    const opened = await openedBy(market, await matchIt());
    const voters = market.workers.slice(0, 2);
    const casts = [0, 1].flatMap((index) => agreeing(voters, opened, DIGEST, index));

    const tx = await settleVotes(market, casts, { callbacks: [DATA, DATA] });

    const used = await consumer.queryFilter(consumer.filters.AnswerUsed(), tx.blockNumber!);
    expect(used.map(({ args }) => [args.requestHash, args.index])).to.deep.equal([
      [requestHash, 0n],
      [requestHash, 1n],
    ]);
    expect(await consumer.last()).to.equal(DATA);
    await expect(tx).not.to.emit(market.hub, "CallbackFailed");
    await expectBooksToBalance(market, [await consumer.getAddress()]);
  });

  it("knows of an answer that used up its gas, and of none that failed", async function () {
    const { market, consumer, requestHash, matchIt } = await loadFixture(askedFixture);
    const opened = await openedBy(market, await matchIt());
    await consumer.setMode(BURN_GAS);
    const voters = market.workers.slice(0, 2);
    const casts = [...agreeing(voters, opened, DIGEST, 0), ...agreeing(voters, opened, failDigest("exit"), 1)];
    const failure = ethers.hexlify(ethers.toUtf8Bytes(failText("exit"))) as Hex;

    const tx = await settleVotes(market, casts, { callbacks: [DATA, failure] });

    await expect(tx).to.emit(consumer, "AnswerUnusable").withArgs(requestHash, 0n);
    await expect(tx).not.to.emit(market.hub, "CallbackFailed");
    expect([await consumer.isAnswered(requestHash, 0), await consumer.isAnswered(requestHash, 1)]).to.deep.equal([
      true,
      false,
    ]);
  });

  it("does not hear of a deal that a stranger opened in its name", async function () {
    const { market, consumer } = await loadFixture(askedFixture);
    const callback = (await consumer.getAddress()).toLowerCase() as Hex;
    const orders = ordersOf(market, { pool: { capabilities: CALLBACK_CAPABILITY }, request: { callback } });
    const opened = await openedBy(market, await match(market, await signedOrders(market, orders)));

    const tx = await settleVotes(market, agreeing(market.workers.slice(0, 2), opened, DIGEST), { callbacks: [DATA] });

    await expect(tx).to.emit(market.hub, "CallbackFailed").withArgs(opened.dealId, 0n);
    expect(await consumer.used()).to.equal(0n);
  });
});
