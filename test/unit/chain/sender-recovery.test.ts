import { expect } from "chai";
import fc from "fast-check";

import { createSender } from "../../../chain/sender.ts";
import { crashAt } from "../../support/chain/crash-points.ts";
import { createFakeSenderChain } from "../../support/chain/fake-sender-chain.ts";
import { callOf, codeOf, dataOf, isOpen, optionsFor } from "../../support/chain/sending.ts";
import { waitFor } from "../../support/wait-for.ts";

describe("transaction sender", function () {
  describe("given a transaction that is not mined", function () {
    it("replaces it for more once it is due, and not before", async function () {
      const fake = createFakeSenderChain();
      fake.setPrice(110n);
      let now = 0;
      const options = optionsFor(fake, { replaceAfterMs: 1_000, now: () => now });
      await using sender = createSender(options);
      const sent = sender.send("a", callOf("a"));
      await isOpen(fake, options, "a");
      now = 999;
      fake.mineOnLook(true);
      expect((await sender.find("a"))!.attempts).to.have.lengthOf(1);

      now = 1_000;
      await sent;

      expect((await sender.find("a"))!.attempts).to.have.lengthOf(2);
      expect(fake.paid()).to.equal(113n);
      expect(fake.nonces()).to.deep.equal([0]);
    });

    it("replaces it no more often than allowed", async function () {
      const fake = createFakeSenderChain();
      fake.setPrice(10n ** 9n);
      const options = optionsFor(fake, { replaceAfterMs: 0, maxReplacements: 3 });
      await using sender = createSender(options);
      const sent = sender.send("a", callOf("a"));

      await waitFor("the last one", async () => (await sender.find("a"))?.attempts.length === 4, { everyMs: 1 });
      fake.mine(5);
      fake.setPrice(0n);
      fake.mineOnLook(true);
      await sent;

      expect((await sender.find("a"))!.attempts).to.have.lengthOf(4);
    });

    it("offers no more than it may, and leaves the last offer as it is", async function () {
      const fake = createFakeSenderChain();
      fake.setPrice(10n ** 9n);
      const options = optionsFor(fake, { replaceAfterMs: 0, maxFeePerGas: 130n });
      await using sender = createSender(options);
      const sent = sender.send("a", callOf("a"));
      await waitFor("the last offer", async () => (await sender.find("a"))?.attempts.length === 3, { everyMs: 1 });
      fake.mine(5);
      fake.setPrice(0n);
      fake.mineOnLook(true);
      await sent;

      const offers = (await sender.find("a"))!.attempts.map(({ maxFeePerGas }) => maxFeePerGas);
      expect(offers).to.deep.equal([100n, 113n, 128n]);
    });

    it("knows an earlier attempt when that is the one in the block", async function () {
      const fake = createFakeSenderChain();
      fake.setPrice(10n ** 9n);
      const options = optionsFor(fake, { replaceAfterMs: 0, maxReplacements: 1 });
      await using sender = createSender(options);
      const sent = sender.send("a", callOf("a"));
      const open = await waitFor("a replacement", async () => {
        const intent = await sender.find("a");
        return intent?.attempts.length === 2 && intent;
      });
      fake.dropWaiting();
      await fake.chain.broadcast(open.attempts[0]!.raw);
      fake.setPrice(0n);
      fake.mine();

      expect((await sent).hash).to.equal(open.attempts[0]!.hash);
      expect(fake.mined()).to.have.lengthOf(1);
    });

    it("broadcasts no replacement that the journal did not take", async function () {
      const fake = createFakeSenderChain();
      fake.setPrice(10n ** 9n);
      const options = optionsFor(fake, { replaceAfterMs: 0 });
      const refusals: unknown[] = [];
      const journal = { ...options.journal, update: async () => refusals.push("somebody was quicker") < 0 };
      const sender = createSender({ ...options, journal });
      const sent = sender.send("a", callOf("a")).catch(codeOf);
      await waitFor("some refusals", () => refusals.length > 3, { everyMs: 1 });
      await sender[Symbol.asyncDispose]();
      fake.setPrice(0n);
      fake.mine();

      expect(await sent).to.equal("GM_SENDER_CLOSED");
      expect(fake.paid()).to.equal(100n);
    });

    it("broadcasts it again when the node has dropped it", async function () {
      const fake = createFakeSenderChain();
      const options = optionsFor(fake);
      await using sender = createSender(options);
      const sent = sender.send("a", callOf("a"));
      await isOpen(fake, options, "a");

      fake.dropWaiting();
      await waitFor("its block", () => (fake.mine(), fake.mined().length > 0), { everyMs: 1 });

      expect((await sent).hash).to.be.a("string");
    });
  });

  describe("given a key that another program uses", function () {
    it("forgets the intent whose nonce is gone, and can send it again", async function () {
      const fake = createFakeSenderChain();
      const options = optionsFor(fake);
      await using sender = createSender(options);
      const sent = sender.send("a", callOf("a")).catch(codeOf);
      await isOpen(fake, options, "a");
      fake.spendNonce();
      fake.mine(2);

      expect(await sent).to.equal("GM_NONCE_TAKEN");
      fake.mineOnLook(true);
      await sender.send("a", callOf("a"));
      expect(fake.mined()).to.deep.equal(["foreign", dataOf("a")]);
    });
  });

  describe("given a nonce that seems to be gone", function () {
    it("waits until that is final", async function () {
      const fake = createFakeSenderChain();
      const options = optionsFor(fake, { confirmations: 3 });
      await using sender = createSender(options);
      const sent = sender.send("a", callOf("a"));
      await isOpen(fake, options, "a");
      fake.spendNonce();
      fake.mine(2);
      let looks = 0;
      await using other = createSender({ ...options, chain: { ...fake.chain, nonceAt: counted } });
      const followed = other.resume();
      await waitFor("some looks", () => looks > 3, { everyMs: 1 });

      fake.rollBack(3);
      fake.mineOnLook(true);

      expect((await sent).hash).to.be.a("string");
      expect((await followed)[0]).to.have.property("receipt");
      async function counted(...args: Parameters<typeof fake.chain.nonceAt>): Promise<number> {
        looks++;
        return await fake.chain.nonceAt(...args);
      }
    });

    it("looks again before it forgets, since nodes find a transaction later than its block", async function () {
      const fake = createFakeSenderChain();
      const options = optionsFor(fake);
      let hidden = 1;
      const look: typeof fake.chain.look = async (account, hashes) => {
        const seen = await fake.chain.look(account, hashes);
        return seen.mined && hidden-- > 0 ? { ...seen, mined: undefined } : seen;
      };
      await using sender = createSender({ ...options, chain: { ...fake.chain, look } });
      const sent = sender.send("a", callOf("a"));
      await isOpen(fake, options, "a");

      fake.mine(5);

      expect((await sent).hash).to.be.a("string");
      expect(fake.mined()).to.deep.equal([dataOf("a")]);
    });
  });

  describe("given a chain that falls back", function () {
    it("sends again what was in the lost blocks, before what is new", async function () {
      const fake = createFakeSenderChain();
      fake.mineOnLook(true);
      await using sender = createSender(optionsFor(fake));
      await sender.send("a", callOf("a"));
      fake.mineOnLook(false);
      while (fake.mined().length > 0) fake.rollBack(1);
      fake.mineOnLook(true);

      await sender.send("b", callOf("b"));

      expect(fake.mined()).to.deep.equal([dataOf("a"), dataOf("b")]);
      await waitFor("a's second end", async () => (await sender.find("a"))?.state === "succeeded", { everyMs: 1 });
    });

    it("uses up a nonce that nobody remembers", async function () {
      const fake = createFakeSenderChain();
      fake.spendNonce();
      const options = optionsFor(fake);
      await using sender = createSender(options);
      const sent = sender.send("b", callOf("b"));
      await isOpen(fake, options, "b");
      fake.rollBack(1);
      fake.mineOnLook(true);
      await sent;

      expect(fake.mined()).to.deep.equal(["0x", dataOf("b")]);
    });
  });

  describe("given many intents at once", function () {
    it("sends each once, with consecutive nonces, from one sender or several on one journal", async function () {
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 3 }), async (count, senders) => {
          const fake = createFakeSenderChain();
          fake.mineOnLook(true);
          const options = optionsFor(fake);
          await using stack = new AsyncDisposableStack();
          const team = Array.from({ length: senders }, () => stack.use(createSender(options)));
          const names = Array.from({ length: count }, (_, index) => `${index}`);

          await Promise.all(team.flatMap((sender) => names.map((name) => sender.send(name, callOf(name)))));

          expect([...fake.mined()].sort()).to.deep.equal(names.map(dataOf).sort());
          expect(fake.nonces()).to.deep.equal(names.map((_, index) => index));
        }),
        { numRuns: 15 },
      );
    });
  });

  describe("given a process that dies at any step", function () {
    for (const when of ["before", "after"] as const) {
      it(`sends each intent once all the same, dying ${when} a call to chain or journal`, async function () {
        this.timeout(20_000);
        let survived = false;
        let at = 0;
        for (; !survived; at++) survived = await survives(at, when);
        expect(at, "calls that a send makes").to.be.greaterThan(12);
      });
    }

    /** Lets one process die at a step, starts the next, and returns whether the first lived. */
    async function survives(at: number, when: "before" | "after"): Promise<boolean> {
      const fake = createFakeSenderChain();
      fake.mineOnLook(true);
      const options = optionsFor(fake, { confirmations: 2 });
      const crash = crashAt(at, when);
      const first = createSender({ ...options, chain: crash.wrap(fake.chain), journal: crash.wrap(options.journal) });
      await Promise.allSettled([first.send("a", callOf("a"), crash.died), first.send("b", callOf("b"), crash.died)]);
      await first[Symbol.asyncDispose]();

      await using second = createSender(options);
      const resumed = await second.resume();
      await Promise.all([second.send("a", callOf("a")), second.send("b", callOf("b"))]);

      expect(resumed.filter((one) => "error" in one)).to.deep.equal([]);
      expect([...fake.mined()].sort(), `after a death at step ${at}`).to.deep.equal(["a", "b"].map(dataOf).sort());
      expect(fake.nonces()).to.deep.equal([0, 1]);
      return !crash.died.aborted;
    }
  });
});
