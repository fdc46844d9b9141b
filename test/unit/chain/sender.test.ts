import { expect } from "chai";

import { createSender } from "../../../chain/sender.ts";
import { createFakeSenderChain } from "../../support/chain/fake-sender-chain.ts";
import { callOf, codeOf, dataOf, isOpen, optionsFor } from "../../support/chain/sending.ts";
import { waitFor } from "../../support/wait-for.ts";

describe("transaction sender", function () {
  describe("send", function () {
    it("sends the call and gives its receipt", async function () {
      const fake = createFakeSenderChain();
      fake.mineOnLook(true);
      await using sender = createSender(optionsFor(fake));

      const receipt = await sender.send("a", callOf("a"));

      expect(fake.mined()).to.deep.equal([dataOf("a")]);
      expect(receipt.blockNumber).to.be.greaterThan(0);
    });

    it("waits for the wanted confirmations, and not for one more", async function () {
      const fake = createFakeSenderChain();
      const options = optionsFor(fake, { confirmations: 3 });
      await using sender = createSender(options);
      let isDone = false;
      const sent = sender.send("a", callOf("a")).finally(() => (isDone = true));
      await isOpen(fake, options, "a");
      await waitFor("the block", () => (fake.mine(), fake.mined().length === 1), { everyMs: 1 });

      fake.mine(2);
      expect(isDone).to.equal(false);
      fake.mine(1);

      expect((await sent).hash).to.be.a("string");
    });

    it("sends one transaction for one id, asked for twice at the same time", async function () {
      const fake = createFakeSenderChain();
      fake.mineOnLook(true);
      await using sender = createSender(optionsFor(fake));

      const [first, second] = await Promise.all([sender.send("a", callOf("a")), sender.send("a", callOf("a"))]);

      expect(first.hash).to.equal(second.hash);
      expect(fake.mined()).to.have.lengthOf(1);
    });

    it("gives the first result again for a known id, whatever the call is", async function () {
      const fake = createFakeSenderChain();
      fake.mineOnLook(true);
      const options = optionsFor(fake);
      await using first = createSender(options);
      const receipt = await first.send("a", callOf("a"));
      await using second = createSender(options);

      const again = await second.send("a", callOf("something else"));

      expect(again).to.deep.equal(receipt);
      expect(fake.mined()).to.have.lengthOf(1);
    });

    it("gives it even when the same call would revert by now", async function () {
      const fake = createFakeSenderChain();
      fake.mineOnLook(true);
      await using sender = createSender(optionsFor(fake));
      const receipt = await sender.send("a", callOf("a"));
      fake.revert(dataOf("a"), "simulated");

      expect(await sender.send("a", callOf("a"))).to.deep.equal(receipt);
    });

    it("leaves no trace of a call that would revert", async function () {
      const fake = createFakeSenderChain();
      fake.mineOnLook(true);
      fake.revert(dataOf("bad"), "simulated");
      await using sender = createSender(optionsFor(fake));

      const failure = await sender.send("bad", callOf("bad")).catch(codeOf);
      await sender.send("good", callOf("good"));

      expect(failure).to.equal("GM_CHAIN_REVERTED");
      expect(await sender.find("bad")).to.equal(undefined);
      expect(fake.nonces()).to.deep.equal([0]);
    });

    it("throws the same for an id whose transaction reverted in its block", async function () {
      const fake = createFakeSenderChain();
      fake.mineOnLook(true);
      fake.revert(dataOf("a"), "mined");
      await using sender = createSender(optionsFor(fake));

      const failures = [];
      for (let time = 0; time < 2; time++) failures.push(await sender.send("a", callOf("a")).catch(codeOf));

      expect(failures).to.deep.equal(["GM_CHAIN_REVERTED", "GM_CHAIN_REVERTED"]);
      expect(fake.mined()).to.have.lengthOf(1);
    });

    describe("given too little to pay for the gas", function () {
      const needed = ((21_000n * 5n) / 4n) * 100n;

      it("says so and sends nothing, one wei short", async function () {
        const fake = createFakeSenderChain();
        fake.setBalance(needed - 1n);
        await using sender = createSender(optionsFor(fake));

        const failure = await sender.send("a", callOf("a")).catch((error: object) => error);

        expect(failure).to.include({ code: "GM_NO_GAS_MONEY", retryable: true });
        expect(await sender.find("a")).to.equal(undefined);
      });

      it("sends with exactly as much", async function () {
        const fake = createFakeSenderChain();
        fake.mineOnLook(true);
        fake.setBalance(needed);
        await using sender = createSender(optionsFor(fake));

        await sender.send("a", callOf("a"));

        expect(fake.mined()).to.have.lengthOf(1);
      });
    });

    it("fails when the chain cannot be reached before anything is written", async function () {
      const fake = createFakeSenderChain();
      fake.silent(true);
      await using sender = createSender(optionsFor(fake));

      expect(await sender.send("a", callOf("a")).catch(codeOf)).to.equal("GM_CHAIN_UNREACHABLE");
    });

    it("goes on through a silence of the chain once it is written, and says so", async function () {
      const fake = createFakeSenderChain();
      const errors: unknown[] = [];
      const options = optionsFor(fake, { onError: (error) => errors.push(error) });
      await using sender = createSender(options);
      const sent = sender.send("a", callOf("a"));
      await isOpen(fake, options, "a");
      fake.silent(true);
      await waitFor("a failed look", () => errors.length > 0, { everyMs: 1 });

      fake.silent(false);
      fake.mineOnLook(true);

      expect((await sent).hash).to.be.a("string");
      expect(fake.mined()).to.have.lengthOf(1);
    });

    it("stops waiting when told to, and the transaction is mined all the same", async function () {
      const fake = createFakeSenderChain();
      const options = optionsFor(fake);
      await using sender = createSender(options);
      const stop = new AbortController();
      const sent = sender.send("a", callOf("a"), stop.signal).catch((error: Error) => error.message);
      await isOpen(fake, options, "a");

      stop.abort(new Error("enough"));

      expect(await sent).to.equal("enough");
      fake.mineOnLook(true);
      await waitFor("its end", async () => (await sender.find("a"))?.state === "succeeded", { everyMs: 1 });
    });

    it("tells those who wait when it is closed", async function () {
      const fake = createFakeSenderChain();
      const options = optionsFor(fake);
      const sender = createSender(options);
      const sent = sender.send("a", callOf("a")).catch(codeOf);
      await isOpen(fake, options, "a");
      await sender[Symbol.asyncDispose]();

      expect(await sent).to.equal("GM_SENDER_CLOSED");
    });
  });
});
