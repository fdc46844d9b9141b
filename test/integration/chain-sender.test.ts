import { expect } from "chai";

import type { Call } from "../../chain/intent.ts";
import { createFileJournal } from "../../chain/node/file-journal.ts";
import { createSenderChain } from "../../chain/sender-chain.ts";
import type { TransactionSender } from "../../chain/sender.ts";
import type { Address } from "../../protocol/primitives.ts";
import { crashAt } from "../support/chain/crash-points.ts";
import { startGrid } from "../support/chain/grid.ts";
import { inSuite } from "../support/in-suite.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const codeOf = (error: { code: string }): string => error.code;

describe("transaction sender, on Anvil", function () {
  this.timeout(60_000);
  const grid = inSuite(startGrid);
  const addressOf = (index: number): Address => grid().wallet(index).address.toLowerCase() as Address;
  /** Registers an app of that name: how often it was sent shows in the number of apps. */
  const register = (name: string): Call => grid().calls.registerApp(name, `0x${"11".repeat(32)}`);
  afterEach(() => grid().automine(true));

  /** Names of the apps that an account has registered. */
  async function appsOf(index: number): Promise<readonly string[]> {
    const { reader } = grid();
    const names: string[] = [];
    for (let id = 1n; ; id++) {
      const app = await reader.appOf(id);
      if (!app) return names;
      if (app.owner === addressOf(index)) names.push(app.reference);
    }
  }

  async function hashOf(sender: TransactionSender, id: string): Promise<string> {
    return await waitFor("the broadcast", async () => {
      const hash = (await sender.find(id))?.attempts.at(-1)?.hash;
      return hash && (await grid().provider.getTransaction(hash)) && hash;
    });
  }

  it("waits for 3 confirmations", async function () {
    const { sender, automine, mine, provider } = grid();
    await using owner = sender(1, { confirmations: 3 });
    await automine(false);
    const sent = owner.send("a", register("a"));
    await hashOf(owner, "a");
    await mine(3);
    expect((await owner.find("a"))?.state).to.equal("open");

    await mine(1);

    expect((await provider.getBlockNumber()) - (await sent).blockNumber).to.equal(3);
  });

  it("sends again what a reorganisation has thrown out, within 3 confirmations", async function () {
    const { sender, automine, mine, reorganise } = grid();
    await using owner = sender(2, { confirmations: 3 });
    await automine(false);
    const sent = owner.send("a", register("a"));
    const hash = await hashOf(owner, "a");
    await mine(2);

    await reorganise(2);
    await waitFor("its second block", async () => (await mine(), (await owner.find("a"))?.state === "succeeded"));

    expect((await sent).hash).to.equal(hash);
    expect(await appsOf(2)).to.deep.equal(["a"]);
  });

  it("sends again what the node has dropped", async function () {
    const { sender, automine, mine, provider } = grid();
    await using owner = sender(3);
    await automine(false);
    const sent = owner.send("a", register("a"));
    const hash = await hashOf(owner, "a");

    await provider.send("anvil_dropTransaction", [hash]);
    await hashOf(owner, "a");
    await mine();

    expect((await sent).hash).to.equal(hash);
  });

  it("replaces a transaction that pays too little for the market", async function () {
    const { sender, automine, mine, provider } = grid();
    let now = 0;
    await using owner = sender(4, { replaceAfterMs: 1_000, now: () => now });
    await automine(false);
    const sent = owner.send("a", register("a"));
    const first = await hashOf(owner, "a");

    now = 1_000;
    await waitFor("another attempt", async () => (await owner.find("a"))?.attempts.length === 2);
    await hashOf(owner, "a");
    await mine();

    expect((await sent).hash).not.to.equal(first);
    expect(await provider.getTransactionCount(addressOf(4))).to.equal(1);
  });

  it("offers no more than it may, and sends nothing while gas costs more than that", async function () {
    const { sender, mine, provider, automine } = grid();
    const gwei = 1_000_000_000n;
    const price = async (wei: bigint): Promise<void> => {
      await provider.send("anvil_setNextBlockBaseFeePerGas", [`0x${wei.toString(16)}`]);
      await mine();
    };
    await using owner = sender(17, { maxFeePerGas: 30n * gwei });
    try {
      await price(50n * gwei);
      expect(await owner.send("a", register("a")).catch(codeOf)).to.equal("GM_FEES_TOO_HIGH");
      expect(await owner.find("a")).to.equal(undefined);

      await price(20n * gwei);
      const { effectiveGasPrice } = await owner.send("a", register("a"));
      expect(effectiveGasPrice <= 30n * gwei).to.equal(true);
      expect((await owner.find("a"))!.attempts[0]!.maxFeePerGas).to.equal(30n * gwei);
    } finally {
      await price(gwei);
      await automine(true);
    }
  });

  it("says why a transaction reverted that looked fine when it was sent", async function () {
    const { sender, automine, mine, calls } = grid();
    await using holder = sender(0);
    await using owner = sender(5);
    await holder.send("allow", calls.allowDeposit(10n));
    await holder.send("fund", calls.depositFor(addressOf(5), 10n));
    await automine(false);

    // Each would succeed alone.
    const sent = [owner.send("a", calls.withdraw(10n)), owner.send("b", calls.withdraw(10n))];
    await Promise.all([hashOf(owner, "a"), hashOf(owner, "b")]);
    await mine();

    const [fine, failed] = await Promise.allSettled(sent);
    expect(fine?.status).to.equal("fulfilled");
    expect(failed?.status === "rejected" && codeOf(failed.reason as { code: string })).to.equal("GM_NO_FUNDS");
  });

  it("cannot send without money for the gas, and can once there is some", async function () {
    const { sender, calls, provider } = grid();
    await using pauper = sender(50);
    expect(await pauper.send("a", calls.cancelAllAsks()).catch(codeOf)).to.equal("GM_NO_GAS_MONEY");
    expect(await pauper.find("a")).to.equal(undefined);

    await provider.send("anvil_setBalance", [addressOf(50), "0xde0b6b3a7640000"]);

    expect((await pauper.send("a", calls.cancelAllAsks())).gasUsed > 0n).to.equal(true);
  });

  it("sends many intents at once with consecutive nonces", async function () {
    const { sender, provider } = grid();
    await using owner = sender(6);
    const names = Array.from({ length: 20 }, (_, index) => `app ${index}`);

    const receipts = await Promise.all(names.map((name) => owner.send(name, register(name))));

    expect(new Set(receipts.map(({ hash }) => hash)).size).to.equal(20);
    expect(await provider.getTransactionCount(addressOf(6))).to.equal(20);
    expect([...(await appsOf(6))].sort()).to.deep.equal([...names].sort());
  });

  for (const when of ["before", "after"] as const) {
    it(`does each thing once, dying ${when} any step, with its journal in files`, async function () {
      const { sender, provider } = grid();
      const account = when === "before" ? 7 : 8;
      let survived = false;
      let at = 0;
      for (; !survived; at++) {
        await using dir = await tempDir();
        const [crash, call] = [crashAt(at, when), register(`death ${at}`)];
        const journal = createFileJournal({ dir: dir.path });
        const chain = createSenderChain(provider);
        const first = sender(account, { journal: crash.wrap(journal), chain: crash.wrap(chain) });
        await first.send("a", call, crash.died).catch(() => {});
        await first[Symbol.asyncDispose]();

        await using second = sender(account, { journal: createFileJournal({ dir: dir.path }) });
        await second.resume();
        await second.send("a", call);
        survived = !crash.died.aborted;
      }

      const names = Array.from({ length: at }, (_, index) => `death ${index}`);
      expect(await appsOf(account)).to.deep.equal(names);
      expect(at).to.be.greaterThan(8);
    });
  }
});
