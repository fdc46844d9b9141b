import { availableParallelism, loadavg } from "node:os";

import { expect } from "chai";

import { MILL } from "../../protocol/amounts.ts";
import { expectBalanced, readBooks } from "../support/books.ts";
import { FUNDS, KEYS } from "../support/e2e-bad-accounts.ts";
import { BLOBS, MESSAGES } from "../support/e2e-bad-gateway.ts";
import { startBadMarket } from "../support/e2e-bad-market.ts";
import { ORDERS } from "../support/e2e-bad-orders.ts";
import { PLACES } from "../support/e2e-bad-places.ts";
import { APPS, COMMANDS, HOPELESS } from "../support/e2e-bad-runs.ts";
import type { Case, Row } from "../support/e2e-case.ts";
import { expectEnded } from "../support/e2e-ended.ts";
import type { Ended } from "../support/e2e-ended.ts";
import { FAILURES } from "../support/e2e-failures.ts";
import { OUTAGES, startLongRun } from "../support/e2e-outages.ts";
import { printedTable } from "../support/failure-table.ts";
import type { Went } from "../support/failure-table.ts";
import { inSuite } from "../support/in-suite.ts";
import { rpc } from "../support/rpc.ts";
import { given, sideBySide, tried } from "../support/tried.ts";
import type { Tried } from "../support/tried.ts";
import { waitFor } from "../support/wait-for.ts";

/** After this on chain, everything that was open is past its last window: ten times the longest category used, and 1 h. */
const LONG_AFTER_SECONDS = 10 * 10_800 + 3_600 + 60;
/** How many processes share a core, on average of the last minute: everything takes as much longer. */
const crowding = (): number => Math.max(1, loadavg()[0]! / availableParallelism());
/** Commands side by side: as many as there are cores. */
const AT_A_TIME = 2;

const titleOf = ({ name, ends }: Row): string => `${name}: ${Object.values(ends).join(", ")}`;

describe("bad input", function () {
  const market = inSuite(startBadMarket);
  const went = new Map<Row, Went>();
  after(() => void process.stdout.write(`\n${printedTable(FAILURES, went)}\n\n`));

  /** What the requester has in the escrow, locked or not: a deal that is open costs nothing yet. */
  async function wealth(): Promise<bigint> {
    const { available, locked } = await market().requester.grid.accounts.show(market().requester.address);
    return available + locked;
  }

  async function expectBooks(): Promise<void> {
    expectBalanced(await readBooks(market().local.chainUrl, market().local.deployment));
  }

  /** Told what the row says, and in time. */
  function expectTold(row: Row, how: Tried<Ended>, cost = 0n): void {
    expectEnded(given(how), row.ends);
    went.set(row, { seconds: how.seconds, cost });
    expect(how.seconds, "seconds until it was told").to.be.at.most(row.within * crowding());
  }

  /** What all of them cost together, and that the books balance afterwards. */
  function together(what: string, cases: readonly Case[], most: number): void {
    describe(what, function () {
      const ended = new Map<Case, Tried<Ended>>();
      let had = 0n;
      before(async () => {
        had = await wealth();
        await sideBySide(cases, most, async (one) => void ended.set(one, await tried(() => one.act(market()))));
      });

      for (const one of cases) it(titleOf(one), () => expectTold(one, ended.get(one)!, one.costs));

      it("cost what was settled, and nothing else", async function () {
        expect(had - (await wealth())).to.equal(cases.reduce((sum, { costs = 0n }) => sum + costs, 0n));
        await expectBooks();
      });
    });
  }

  for (const one of [...ORDERS, ...HOPELESS, ...MESSAGES, ...BLOBS]) {
    it(titleOf(one), async function () {
      const before = await wealth();

      expectTold(one, await tried(() => one.act(market())));

      expect(before - (await wealth())).to.equal(0n);
      await expectBooks();
    });
  }

  together("commands, some at the same time", [...COMMANDS, ...KEYS, ...FUNDS, ...PLACES], AT_A_TIME);
  together("apps, all at the same time", APPS, APPS.length);

  describe("what goes away in the middle of one run", function () {
    const told = new Map<Row, Tried<Ended>>();
    let had = 0n;
    let end: Ended = {};
    // The parts that come back are children of this process: they belong to the suite and not to one test.
    before(async () => {
      had = await wealth();
      const { task, ended } = await startLongRun(market());
      for (const outage of OUTAGES) {
        await outage.take(market());
        told.set(outage, await tried(() => outage.told(market(), task)));
        await outage.bringBack(market());
      }
      end = await ended;
    });

    for (const outage of OUTAGES) it(titleOf(outage), () => expectTold(outage, told.get(outage)!));

    it("and the run goes on to its end, at its price", async function () {
      expectEnded(end, { exit: 0, task: "settled, exit 0" });
      expect(had - (await wealth())).to.equal(MILL);
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
