import { expect } from "chai";

import { expectBalanced, readBooks } from "../support/books.ts";
import { startBadMarket } from "../support/e2e-bad-market.ts";
import { ORDERS } from "../support/e2e-bad-orders.ts";
import { APPS, COMMANDS, HOPELESS } from "../support/e2e-bad-runs.ts";
import { expectEnded } from "../support/e2e-ended.ts";
import type { Ended } from "../support/e2e-ended.ts";
import { inSuite } from "../support/in-suite.ts";
import { rpc } from "../support/rpc.ts";
import { waitFor } from "../support/wait-for.ts";

/** After this on chain, everything that was open is past its last window: ten times the longest category used, and 1 h. */
const LONG_AFTER_SECONDS = 10 * 10_800 + 3_600 + 60;

describe("bad input", function () {
  const market = inSuite(startBadMarket);

  /** What the requester has in the escrow, locked or not: a deal that is open costs nothing yet. */
  async function wealth(): Promise<bigint> {
    const { available, locked } = await market().requester.grid.accounts.show(market().requester.address);
    return available + locked;
  }

  async function expectBooks(): Promise<void> {
    expectBalanced(await readBooks(market().local.chainUrl, market().local.deployment));
  }

  for (const { name, act, ends, costs = 0n } of [...ORDERS, ...COMMANDS, ...HOPELESS]) {
    it(`${name}: ${Object.values(ends).join(", ")}`, async function () {
      const before = await wealth();

      expectEnded(await act(market()), ends);

      expect(before - (await wealth())).to.equal(costs);
      await expectBooks();
    });
  }

  describe("apps, all at the same time", function () {
    let had = 0n;
    let ended: ReadonlyMap<string, Promise<Ended>> = new Map();

    before(async () => {
      had = await wealth();
      ended = new Map(APPS.map(({ name, act }) => [name, act(market())]));
      await Promise.allSettled(ended.values());
    });

    for (const { name, ends } of APPS) {
      it(`${name}: ${Object.values(ends).join(", ")}`, async function () {
        expectEnded((await ended.get(name))!, ends);
      });
    }

    it("cost what was settled, and nothing else", async function () {
      expect(had - (await wealth())).to.equal(APPS.reduce((sum, { costs = 0n }) => sum + costs, 0n));
      await expectBooks();
    });
  });

  // A suite of its own: mocha runs the tests of a suite before the suites in it.
  describe("what nobody could work on, once its time has passed", function () {
    it("is refunded", async function () {
      const { local, requester, poolOwner } = market();
      const before = await wealth();

      await rpc(local.chainUrl, "evm_increaseTime", [LONG_AFTER_SECONDS]);
      await waitFor(
        "every deal to be closed",
        async () => (await requester.grid.deals.list()).every(({ status }) => status !== "open"),
        { timeoutMs: 60_000 },
      );

      const books = await readBooks(local.chainUrl, local.deployment);
      expect(books.deals.filter(({ open }) => open)).to.deep.equal([]);
      for (const { address } of [requester, poolOwner]) expect(books.accounts.get(address)!.locked).to.equal(0n);
      expect(await wealth()).to.equal(before);
      expectBalanced(books);
    });
  });
});
