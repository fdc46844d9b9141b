import { anyValue } from "@nomicfoundation/hardhat-ethers-chai-matchers/withArgs";
import { expect } from "chai";

import { MAX_CALLBACK_BYTES } from "../../protocol/constants.ts";
import { packDeal } from "../../protocol/deal-words.ts";
import { callbackDigest, failDigest, failText } from "../../protocol/digest.ts";
import type { Address, Hash, Hex } from "../../protocol/primitives.ts";
import { expectBooksToBalance } from "./support/books.ts";
import { ethers, loadFixture } from "./support/chain.ts";
import { POOL_PRICE, CALLBACK_CAPABILITY, openDeal } from "./support/orders.ts";
import type { OpenedDeal } from "./support/orders.ts";
import { openMarketFixture } from "./support/market.ts";
import type { Market } from "./support/market.ts";
import { agreeing, roundOf, seal, settle, settleVotes } from "./support/round.ts";

/** As in ReceiverMock. */
const RECEIVER = { RECORD: 0, REVERT: 1, BURN_GAS: 2, RETURN_BOMB: 3, REVERT_BOMB: 4, REENTER: 5 } as const;

const CALL_GAS = 200_000n;
const DATA: Hex = "0xc0ffee";
/** A callback's 200,000, the 64th part that a call leaves behind, and 30,000 to prepare it. */
const GAS_WANTED = 233_174n;

const digestOf = (data: Hex): Hash => callbackDigest(ethers.getBytes(data));
const textOf = (text: string): Hex => ethers.hexlify(ethers.toUtf8Bytes(text)) as Hex;

/** A deal of two tasks whose results a contract wants to hear. */
async function receiverFixture() {
  const market = await openMarketFixture();
  const receiver = await ethers.deployContract("ReceiverMock");
  const callback = (await receiver.getAddress()).toLowerCase() as Address;
  const opened = await openDealFor(market, callback);
  return { market, receiver, opened };
}

function openDealFor(market: Market, callback: Address): Promise<OpenedDeal> {
  return openDeal(market, { pool: { capabilities: CALLBACK_CAPABILITY }, request: { callback, volume: 2 } });
}

/** Two workers vote for this digest, for the first tasks of the deal; one preimage for each task. */
function settleWith(market: Market, opened: OpenedDeal, digest: Hash, callbacks: readonly Hex[]) {
  const voters = market.workers.slice(0, 2);
  const casts = callbacks.flatMap((_preimage, index) => agreeing(voters, opened, digest, index));
  return settleVotes(market, casts, { callbacks });
}

describe("Hub: callbacks", function () {
  describe("given a result", function () {
    it("hands it over after everybody is paid, with 200,000 gas at most", async function () {
      const { market, receiver, opened } = await loadFixture(receiverFixture);

      const tx = await settleWith(market, opened, digestOf(DATA), [DATA]);

      const receipt = (await tx.wait())!;
      const [received] = await receiver.queryFilter(receiver.filters.Received(), receipt.blockNumber);
      const { requestHash, dealId, index, data, gasGiven } = received!.args;
      expect([requestHash, dealId, index, data]).to.deep.equal([opened.deal.requestHash, opened.dealId, 0n, DATA]);
      expect(gasGiven)
        .to.be.lessThan(CALL_GAS)
        .and.greaterThan(CALL_GAS - 5_000n);
      const settled = await market.hub.queryFilter(market.hub.filters.EpochSettled(), receipt.blockNumber);
      const posted = await market.escrow.queryFilter(market.escrow.filters.Posted(), receipt.blockNumber);
      expect(received!.index).to.be.greaterThan(Math.max(settled[0]!.index, ...posted.map((event) => event.index)));
    });

    it("calls for each task in its order", async function () {
      const { market, receiver, opened } = await loadFixture(receiverFixture);

      const tx = await settleWith(market, opened, digestOf(DATA), [DATA, DATA]);

      const events = await receiver.queryFilter(receiver.filters.Received(), tx.blockNumber!);
      expect(events.map(({ args }) => args.index)).to.deep.equal([0n, 1n]);
    });

    it("takes an empty one for a result where that was voted", async function () {
      const { market, receiver, opened } = await loadFixture(receiverFixture);

      const tx = settleWith(market, opened, digestOf("0x"), ["0x"]);

      await expect(tx).to.emit(receiver, "Received");
      await expect(tx).to.emit(market.hub, "TaskSettled");
    });

    it("takes one that is shorter than the first word of a failure", async function () {
      const { market, receiver, opened } = await loadFixture(receiverFixture);

      await expect(settleWith(market, opened, digestOf("0xc0ffee00"), ["0xc0ffee00"])).to.emit(receiver, "Received");
    });

    it("takes 4096 bytes", async function () {
      const { market, receiver, opened } = await loadFixture(receiverFixture);
      const data: Hex = `0x${"ab".repeat(MAX_CALLBACK_BYTES)}`;

      await expect(settleWith(market, opened, digestOf(data), [data])).to.emit(receiver, "Received");
    });

    it("settles 4097 bytes as a failed callback, without a call", async function () {
      const { market, receiver, opened } = await loadFixture(receiverFixture);
      const data: Hex = `0x${"ab".repeat(MAX_CALLBACK_BYTES + 1)}`;

      const tx = settleWith(market, opened, digestOf(data), [data]);

      await expect(tx).to.emit(market.hub, "TaskSettled");
      await expect(tx).to.emit(market.hub, "CallbackFailed").withArgs(opened.dealId, 0n);
      await expect(tx).not.to.emit(receiver, "Received");
    });
  });

  describe("given a failure", function () {
    it("settles it by its text, without a call", async function () {
      const { market, receiver, opened } = await loadFixture(receiverFixture);

      const tx = settleWith(market, opened, failDigest("params"), [textOf(failText("params"))]);

      await expect(tx).to.emit(market.hub, "TaskSettled").withArgs(opened.dealId, 0n, failDigest("params"));
      await expect(tx).not.to.emit(receiver, "Received");
      await expect(tx).not.to.emit(market.hub, "CallbackFailed");
    });

    it("cannot be feigned by passing a result with its prefix as text", async function () {
      const { market, opened } = await loadFixture(receiverFixture);
      const disguised = ethers.concat([textOf("gridmill.callback"), DATA]) as Hex;

      await expect(settleWith(market, opened, digestOf(DATA), [disguised])).to.emit(market.hub, "TaskKept");
    });

    it("cannot be the text of another failure than was voted", async function () {
      const { market, opened } = await loadFixture(receiverFixture);

      await expect(settleWith(market, opened, failDigest("params"), [textOf(failText("memory"))])).to.emit(
        market.hub,
        "TaskKept",
      );
    });

    it("cannot be any other text that was voted", async function () {
      const { market, opened } = await loadFixture(receiverFixture);
      const manifest = textOf("exit 0\n");

      await expect(settleWith(market, opened, ethers.keccak256(manifest) as Hash, [manifest])).to.emit(
        market.hub,
        "TaskKept",
      );
    });
  });

  describe("given no preimage", function () {
    it("leaves the task open, and pays nobody", async function () {
      const { market, opened } = await loadFixture(receiverFixture);

      const tx = await settleWith(market, opened, digestOf(DATA), ["0x"]);

      await expect(tx).to.emit(market.hub, "TaskKept").withArgs(opened.dealId, 0n, anyValue);
      expect((await market.escrow.balanceOf(market.requester)).locked).to.be.greaterThan(2n * POOL_PRICE);
    });

    it("leaves the task open where the preimage is of another digest", async function () {
      const { market, opened } = await loadFixture(receiverFixture);

      // No error: which digest wins can depend on what happened to a worker's bond elsewhere.
      await expect(settleWith(market, opened, digestOf(DATA), ["0xbad0"])).to.emit(market.hub, "TaskKept");
    });

    for (const count of [0, 2]) {
      it(`rejects ${count} preimages for one task with a callback`, async function () {
        const { market, opened } = await loadFixture(receiverFixture);
        const casts = agreeing(market.workers.slice(0, 2), opened, digestOf(DATA));

        await expect(settleVotes(market, casts, { callbacks: Array<Hex>(count).fill(DATA) }))
          .to.be.revertedWithCustomError(market.hub, "HubCallbackCount")
          .withArgs(count, 1n);
      });
    }

    it("wants none for deals without a callback", async function () {
      const { market } = await loadFixture(receiverFixture);
      const casts = agreeing(market.workers.slice(0, 2), await openDeal(market));

      await expect(settleVotes(market, casts, { callbacks: [DATA] }))
        .to.be.revertedWithCustomError(market.hub, "HubCallbackCount")
        .withArgs(1n, 0n);
    });
  });

  describe("given a receiver that misbehaves", function () {
    for (const mode of ["REVERT", "BURN_GAS", "REVERT_BOMB"] as const) {
      it(`settles all the same when it answers with ${mode}`, async function () {
        const { market, receiver, opened } = await loadFixture(receiverFixture);
        await receiver.setMode(RECEIVER[mode]);

        const tx = settleWith(market, opened, digestOf(DATA), [DATA]);

        await expect(tx).to.emit(market.hub, "CallbackFailed").withArgs(opened.dealId, 0n);
        await expect(tx).to.emit(market.hub, "TaskSettled");
        await expectBooksToBalance(market);
      });
    }

    it("spends at most its gas", async function () {
      const polite = await gasOf(RECEIVER.RECORD);
      const endless = await gasOf(RECEIVER.BURN_GAS);

      expect(endless - polite).to.be.lessThan(CALL_GAS);
    });

    for (const mode of ["RETURN_BOMB", "REVERT_BOMB"] as const) {
      it(`copies nothing of a ${mode}`, async function () {
        const polite = await gasOf(RECEIVER.RECORD);
        const bomb = await gasOf(RECEIVER[mode]);

        // Making 128 KiB costs the receiver some 45,000; copying it would cost us as much again.
        expect(bomb - polite).to.be.lessThan(60_000n);
      });
    }

    it("settles for a receiver that is no contract", async function () {
      const { market } = await loadFixture(receiverFixture);
      const opened = await openDealFor(market, market.stranger.address.toLowerCase() as Address);

      const tx = settleWith(market, opened, digestOf(DATA), [DATA]);

      await expect(tx).to.emit(market.hub, "CallbackFailed").withArgs(opened.dealId, 0n);
      await expect(tx).to.emit(market.hub, "TaskSettled");
    });

    it("lets a failed call keep no other from being made", async function () {
      const { market, receiver, opened } = await loadFixture(receiverFixture);
      const other = await openDealFor(market, market.stranger.address.toLowerCase() as Address);
      const voters = market.workers.slice(0, 2);
      const casts = [...agreeing(voters, opened, digestOf(DATA)), ...agreeing(voters, other, digestOf(DATA))];

      const tx = settleVotes(market, casts, { callbacks: [DATA, DATA] });

      await expect(tx).to.emit(receiver, "Received");
      await expect(tx).to.emit(market.hub, "CallbackFailed").withArgs(other.dealId, 0n);
    });

    async function gasOf(mode: number): Promise<bigint> {
      const { market, receiver, opened } = await loadFixture(receiverFixture);
      await receiver.setMode(mode);
      const tx = await settleWith(market, opened, digestOf(DATA), [DATA]);
      return (await tx.wait())!.gasUsed;
    }
  });

  describe("given too little gas", function () {
    it("reverts rather than starve the receiver", async function () {
      const { market, opened } = await loadFixture(receiverFixture);
      const round = await roundOf(market, agreeing(market.workers.slice(0, 2), opened, digestOf(DATA)), {
        callbacks: [DATA],
      });
      await seal(market, round);
      const { pool, lane, deals, tasks, ballots, callbacks } = round;
      const attempt = market.hub
        .connect(market.operator)
        .settle(pool, lane, deals.map(packDeal), tasks, [...ballots], [...callbacks], { gasLimit: 350_000n });

      await expect(attempt)
        .to.be.revertedWithCustomError(market.hub, "HubCallbackGas")
        .withArgs((left: bigint) => left < GAS_WANTED, GAS_WANTED);
      await expect(settle(market, round)).to.emit(market.hub, "TaskSettled");
    });
  });

  describe("given a receiver that is the pool's operator", function () {
    it("cannot settle the epoch a second time from within its callback", async function () {
      const { market, receiver, opened } = await loadFixture(receiverFixture);
      await market.poolRegistry.connect(market.poolOwner).setOperator(opened.deal.pool, receiver);
      const casts = agreeing(market.workers.slice(0, 2), opened, digestOf(DATA));
      const round = await roundOf(market, casts, { callbacks: [DATA] });
      const { pool, lane, leaves, deals, tasks, ballots, callbacks } = round;
      const { interface: abi } = market.hub;
      await receiver.execute(market.hub, abi.encodeFunctionData("seal", [pool, lane, [...leaves]]));
      const call = abi.encodeFunctionData("settle", [
        pool,
        lane,
        deals.map(packDeal),
        tasks,
        [...ballots],
        [...callbacks],
      ]);
      await receiver.reenter(market.hub, call);

      const tx = receiver.execute(market.hub, call);

      await expect(tx).to.emit(receiver, "Reentered").withArgs(false, abi.getError("HubEpochNotPending")!.selector);
      await expect(tx).to.emit(market.hub, "TaskSettled");
      await expectBooksToBalance(market);
    });
  });
});
