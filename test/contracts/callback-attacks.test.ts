import { expect } from "chai";

import { packDeal } from "../../protocol/deal-words.ts";
import { callbackDigest } from "../../protocol/digest.ts";
import { MAX_CALLBACK_BYTES } from "../../protocol/constants.ts";
import type { Address, Hex } from "../../protocol/primitives.ts";
import { expectBooksToBalance } from "./support/books.ts";
import { ethers, loadFixture, mine, networkHelpers, setCode } from "./support/chain.ts";
import { CODE, accountWith, calling } from "./support/codes.ts";
import { APP, LANE, POOL, openMarketFixture } from "./support/market.ts";
import type { Market } from "./support/market.ts";
import { APP_PRICE, CALLBACK_CAPABILITY, match, openDeal, openedBy, ordersOf, signedOrders } from "./support/orders.ts";
import type { OpenedDeal } from "./support/orders.ts";
import { agreeing, roundOf, seal, settle } from "./support/round.ts";
import type { Round } from "./support/round.ts";

const CALL_GAS = 200_000n;
const DATA: Hex = "0xc0ffee";
const digestOf = (data: Hex) => callbackDigest(ethers.getBytes(data));
const CALLABLE = { pool: { capabilities: CALLBACK_CAPABILITY } };

/** Two deals, one after the other in a settle: the first for a contract that this test writes, the second for one that listens. */
async function twoReceiversFixture() {
  const market = await openMarketFixture();
  const listener = await ethers.deployContract("ReceiverMock");
  const callbacks = [await accountWith(CODE.stop), (await listener.getAddress()).toLowerCase() as Address];
  const deals: OpenedDeal[] = [];
  for (const callback of callbacks) deals.push(await openDeal(market, { ...CALLABLE, request: { callback } }));
  const sorted = [...deals].sort((a, b) => (BigInt(a.dealId) < BigInt(b.dealId) ? -1 : 1));
  const voters = market.workers.slice(0, 2);
  const casts = sorted.flatMap((deal) => agreeing(voters, deal, digestOf(DATA)));
  const round = await roundOf(market, casts, { callbacks: [DATA, DATA] });
  await seal(market, round);
  return { market, listener, attacker: callbacks[0]!, attacked: deals[0]!, round };
}

/** A receiver that is operator of the pool and owner of the app, whose result it hears when it settles the round. */
async function powerfulReceiverFixture() {
  const market = await openMarketFixture();
  const receiver = await ethers.deployContract("ReceiverMock");
  const callback = (await receiver.getAddress()).toLowerCase() as Address;
  await market.appRegistry.connect(market.appOwner).transferFrom(market.appOwner, receiver, APP);
  await market.poolRegistry.connect(market.poolOwner).setOperator(POOL, receiver);
  const orders = ordersOf(market, { ...CALLABLE, request: { callback } });
  const { interface: abi } = market.marketplace;
  await receiver.execute(market.marketplace, abi.encodeFunctionData("approveAppOrder", [orders.app]));
  const signed = await signedOrders(market, orders);
  const opened = await openedBy(market, await match(market, signed));
  const round = await roundOf(market, agreeing(market.workers.slice(0, 2), opened, digestOf(DATA)), {
    callbacks: [DATA],
  });
  await receiver.execute(market.hub, market.hub.interface.encodeFunctionData("seal", [POOL, LANE, [...round.leaves]]));
  return { market, receiver, opened, round };
}

type Stage = Awaited<ReturnType<typeof powerfulReceiverFixture>>;

function settleCall(market: Market, { pool, lane, deals, tasks, ballots, callbacks }: Round): string {
  const { interface: abi } = market.hub;
  return abi.encodeFunctionData("settle", [pool, lane, deals.map(packDeal), tasks, [...ballots], [...callbacks]]);
}

/** The least gas with which the call goes through. */
async function leastGas(call: (gasLimit: bigint) => Promise<unknown>, most: bigint): Promise<bigint> {
  let [fails, works] = [100_000n, most];
  while (works - fails > 1n) {
    const middle = (fails + works) / 2n;
    const good = await call(middle).then(
      () => true,
      () => false,
    );
    if (good) works = middle;
    else fails = middle;
  }
  return works;
}

describe("Hub: receivers of results that attack", function () {
  describe("given code that burns, returns or reverts with too much, or ends itself", function () {
    for (const [name, fails] of [
      ["invalid", true],
      ["endless", true],
      ["returnMib", true],
      ["revertMib", true],
      ["selfDestruct", false],
    ] as const) {
      it(`settles both tasks, calls the other receiver too and spends no more than its gas: ${name}`, async function () {
        const { market, listener, attacker, attacked, round } = await loadFixture(twoReceiversFixture);
        const polite = await settleGas(market, round);
        await setCode(attacker, CODE[name]);

        const tx = await settle(market, round);

        const settled = await market.hub.queryFilter(market.hub.filters.TaskSettled(), tx.blockNumber!);
        expect(settled.length).to.equal(2);
        await expect(tx).to.emit(listener, "Received");
        const failed = await market.hub.queryFilter(market.hub.filters.CallbackFailed(), tx.blockNumber!);
        expect(failed.map(({ args }) => args.dealId)).to.deep.equal(fails ? [attacked.dealId] : []);
        // The event that says so costs some 2,000.
        expect((await tx.wait())!.gasUsed - polite).to.be.lessThan(CALL_GAS + 3_000n);
        await expectBooksToBalance(market, [attacker]);
      });
    }

    it("settles where the code is gone since the seal", async function () {
      const { market, attacker, attacked, round } = await loadFixture(twoReceiversFixture);
      await setCode(attacker, "0x");

      const tx = settle(market, round);

      await expect(tx).to.emit(market.hub, "CallbackFailed").withArgs(attacked.dealId, 0n);
      await expect(tx).to.emit(market.hub, "EpochSettled");
    });

    /** What the settle would cost now. */
    async function settleGas(market: Market, round: Round): Promise<bigint> {
      const data = settleCall(market, round);
      return ethers.provider.estimateGas({ from: market.operator.address, to: await market.hub.getAddress(), data });
    }
  });

  describe("given a receiver that calls back, with every right that it can have", function () {
    type Attempt = {
      readonly what: string;
      readonly target: (stage: Stage) => { getAddress(): Promise<string> };
      readonly call: (stage: Stage) => string;
      /** How it fails; undefined where it may succeed. */
      readonly error?: string;
    };
    const ofHub = ({ market }: Stage) => market.hub;
    const ofEscrow = ({ market }: Stage) => market.escrow;
    const hubCall = ({ market }: Stage, name: string, ...args: readonly unknown[]) =>
      market.hub.interface.encodeFunctionData(name as "claim", args as never);
    const escrowCall = ({ market }: Stage, name: string, ...args: readonly unknown[]) =>
      market.escrow.interface.encodeFunctionData(name as "withdraw", args as never);
    const ATTEMPTS: readonly Attempt[] = [
      {
        what: "the same epoch settled again",
        target: ofHub,
        call: ({ market, round }) => settleCall(market, round),
        error: "HubEpochNotPending",
      },
      {
        what: "another epoch sealed, which may be",
        target: ofHub,
        call: (stage) => hubCall(stage, "seal", POOL, LANE, []),
      },
      {
        what: "its deal declined",
        target: ofHub,
        call: (stage) => hubCall(stage, "decline", packDeal(stage.opened.deal)),
        error: "HubGraceOver",
      },
      {
        what: "its deal claimed",
        target: ofHub,
        call: (stage) => hubCall(stage, "claim", packDeal(stage.opened.deal)),
        error: "HubClaimTooEarly",
      },
      {
        what: "a deal opened past the marketplace",
        target: ofHub,
        call: (stage) => hubCall(stage, "openDeals", [stage.opened.dealId]),
        error: "HubNotMarketplace",
      },
      {
        what: "what it was just paid bonded, which may be",
        target: ofHub,
        call: (stage) => hubCall(stage, "bond", APP_PRICE),
      },
      {
        what: "more bonded than it was paid",
        target: ofHub,
        call: (stage) => hubCall(stage, "bond", APP_PRICE + 1n),
        error: "EscrowInsufficientBalance",
      },
      {
        what: "what it was just paid withdrawn, which may be",
        target: ofEscrow,
        call: (stage) => escrowCall(stage, "withdraw", APP_PRICE),
      },
      {
        what: "more withdrawn than it was paid",
        target: ofEscrow,
        call: (stage) => escrowCall(stage, "withdraw", APP_PRICE + 1n),
        error: "EscrowInsufficientBalance",
      },
      {
        what: "balances posted",
        target: ofEscrow,
        call: (stage) => escrowCall(stage, "post", []),
        error: "EscrowNotLedger",
      },
      {
        what: "what is burned in this settle swept, which may be",
        target: ofEscrow,
        call: (stage) => escrowCall(stage, "sweepBurned"),
      },
    ];
    for (const { what, target, call, error } of ATTEMPTS) {
      it(`settles once, and pays once: ${what}`, async function () {
        const stage = await loadFixture(powerfulReceiverFixture);
        const { market, receiver, opened, round } = stage;
        await receiver.reenter(await target(stage).getAddress(), call(stage));

        const tx = await receiver.execute(market.hub, settleCall(market, round));

        const [reentered] = await receiver.queryFilter(receiver.filters.Reentered(), tx.blockNumber!);
        const { succeeded, problem } = reentered!.args;
        expect(error ? [succeeded, nameOf(market, problem)] : [succeeded]).to.deep.equal(
          error ? [false, error] : [true],
        );
        const settled = await market.hub.queryFilter(market.hub.filters.TaskSettled(), tx.blockNumber!);
        expect(settled.map(({ args }) => args.dealId)).to.deep.equal([opened.dealId]);
        const { available, locked } = await market.escrow.balanceOf(receiver);
        expect(available + locked + (await market.token.balanceOf(receiver)), "paid once").to.equal(APP_PRICE);
        await expectBooksToBalance(market, [await receiver.getAddress()]);
      });
    }

    it("settles, and opens the deal that a receiver matches in between", async function () {
      const { market, attacker, attacked, round } = await loadFixture(twoReceiversFixture);
      const { app, dataset, pool, request } = await signedOrders(market, ordersOf(market));
      const call = market.marketplace.interface.encodeFunctionData("matchOrders", [app, dataset, pool, request]);
      await setCode(attacker, calling(await market.marketplace.getAddress(), call));

      const tx = settle(market, round);

      await expect(tx).to.emit(market.hub, "TaskSettled").withArgs(attacked.dealId, 0n, digestOf(DATA));
      await expect(tx).to.emit(market.marketplace, "DealOpened");
      await expect(tx).not.to.emit(market.hub, "CallbackFailed");
      await expectBooksToBalance(market, [attacker]);
    });

    function nameOf({ hub, escrow }: Market, selector: string): string | undefined {
      return (hub.interface.getError(selector) ?? escrow.interface.getError(selector))?.name;
    }
  });

  describe("given the least gas with which a settle goes through", function () {
    for (const [what, bytes] of [
      ["a short answer", 3],
      ["the longest answer", MAX_CALLBACK_BYTES],
    ] as const) {
      it(`gives the receiver of ${what} as much as it would get of plenty, and one gas less reverts`, async function () {
        const { market, listener } = await loadFixture(twoReceiversFixture);
        const callback = (await listener.getAddress()).toLowerCase() as Address;
        const opened = await openDeal(market, {
          ...CALLABLE,
          pool: { ...CALLABLE.pool, lane: 1 },
          request: { callback },
        });
        const data: Hex = `0x${"ab".repeat(bytes)}`;
        const casts = agreeing(market.workers.slice(0, 2), opened, digestOf(data));
        const round = await roundOf(market, casts, { callbacks: [data], lane: 1 });
        await seal(market, round);
        await mine();
        const to = await market.hub.getAddress();
        const call = { from: market.operator.address, to, data: settleCall(market, round) };

        const least = await leastGas((gasLimit) => ethers.provider.call({ ...call, gasLimit }), 2_000_000n);

        const plenty = await givenWith(2_000_000n);
        expect(await givenWith(least), "with the least").to.equal(plenty);
        expect(plenty)
          .to.be.lessThanOrEqual(CALL_GAS)
          .and.greaterThan(CALL_GAS - 6_000n);
        await expect(market.operator.sendTransaction({ ...call, gasLimit: least - 1n })).to.be.revertedWithCustomError(
          market.hub,
          "HubCallbackGas",
        );

        async function givenWith(gasLimit: bigint): Promise<bigint> {
          const snapshot = await networkHelpers.takeSnapshot();
          const tx = await market.operator.sendTransaction({ ...call, gasLimit });
          const [received] = await listener.queryFilter(listener.filters.Received(), tx.blockNumber!);
          await snapshot.restore();
          return received!.args.gasGiven;
        }
      });
    }
  });
});
