import { expect } from "chai";

import { dealIdOf, taskIdOf } from "../../protocol/deal.ts";
import { readBooks } from "../support/books.ts";
import type { Books } from "../support/books.ts";
import { startChaosMarket } from "../support/chaos/chaos-market.ts";
import type { ChaosMarket } from "../support/chaos/chaos-market.ts";
import { expectOneDigestATask } from "../support/chaos/journals.ts";
import { COMMANDED, DAILY, matrixText, nameOf, otherCells, ownCells, stateExpected } from "../support/chaos/matrix.ts";
import type { Cell } from "../support/chaos/matrix.ts";
import { expectNothingLost } from "../support/chaos/nothing-lost.ts";
import { loadTestConfig } from "../support/config.ts";
import { readSlashes } from "../support/e2e-slashes.ts";
import { tracesOf } from "../support/e2e-traces.ts";
import { waitFor } from "../support/wait-for.ts";

const { full } = loadTestConfig();
const ROWS = [...DAILY, ...COMMANDED];
/** In the short form every process dies at a quarter of its own moves, by turns before and after the write. */
const SHORT = ownCells(ROWS).filter((_cell, index) => index % 16 === 0 || index % 16 === 9);
/** In the long form on both sides of the write, and at the moves of the others too. */
const CELLS: readonly Cell[] = full ? [...ownCells(ROWS), ...otherCells(ROWS)] : SHORT;

/** How many deals are on their way at a time: enough to meet every move soon, few enough for three workers. */
const AT_A_TIME = 3;
const PATIENCE_MS = full ? 2_400_000 : 600_000;

/** How many deals were asked for: by hand, and by commands. */
type Asked = { opened: number; commands: number };

const booksOf = ({ local }: ChaosMarket): Promise<Books> => readBooks(local.chainUrl, local.deployment);
const openDeals = async (market: ChaosMarket): Promise<number> =>
  (await booksOf(market)).deals.filter(({ open }) => open).length;

/** Keeps deals and a command on their way until every armed kill has happened. */
async function killAll(market: ChaosMarket, cells: readonly Cell[]): Promise<Asked> {
  const { mortals, openDeal, startCommand } = market;
  const asked = { opened: 0, commands: 0 };
  for (const { row, when, column } of cells) mortals.arm(row, when, column);
  const left = (): readonly Cell[] => cells.filter(({ row, when, column }) => mortals.isArmed(row, when, column));
  const feed = async (): Promise<boolean> => {
    if (mortals.faults.length > 0) return true;
    if (!mortals.lives("command")) {
      startCommand();
      asked.commands++;
    }
    if ((await openDeals(market)) < AT_A_TIME) {
      await openDeal();
      asked.opened++;
    }
    return left().length === 0;
  };
  await waitFor("every armed kill", feed, { timeoutMs: PATIENCE_MS, everyMs: 500 }).catch((cause: unknown) => {
    throw new Error(`never killed: ${left().map(nameOf).join("; ")}`, { cause });
  });
  return asked;
}

/** Each armed kill has happened, and what its process was writing stood as the process had left it. */
function expectKilled({ mortals: { deaths } }: ChaosMarket, cells: readonly Cell[]): void {
  const killed = new Set(deaths.map(nameOf));
  expect(cells.map(nameOf).filter((cell) => !killed.has(cell))).to.deep.equal([]);
  for (const death of deaths) {
    const expected = stateExpected(death);
    if (expected !== undefined) expect(death.state, nameOf(death)).to.equal(expected);
  }
}

/** Every task is settled once, nobody paid twice for one command, and nobody was slashed. */
async function expectPaidOnce(market: ChaosMarket, { opened, commands }: Asked): Promise<Books> {
  const books = await booksOf(market);
  expectNothingLost(books);
  for (const { deal, settled } of books.deals) expect(settled, "tasks settled of a deal").to.have.lengthOf(deal.volume);
  expect(books.deals, "one deal for each time that one was asked for").to.have.lengthOf(opened + commands);
  expect(await readSlashes(market.local)).to.deep.equal([]);
  return books;
}

describe("the kill matrix", function () {
  this.timeout(PATIENCE_MS + 400_000);

  it("every process dies at every move: every task is settled once, no vote is given twice, and nothing is left", async function () {
    await using market = await startChaosMarket();
    const { mortals, onlooker, local, plan } = market;

    const asked = await killAll(market, CELLS);
    expect(mortals.faults, "ends that no kill explains").to.deep.equal([]);
    await waitFor("every command to end", () => mortals.done === asked.commands, { timeoutMs: 180_000 });
    await waitFor("every deal to be over", async () => (await openDeals(market)) === 0, { timeoutMs: 180_000 });
    process.stdout.write(`${matrixText(ROWS, mortals.deaths)}\n`);

    expectKilled(market, CELLS);
    const { deals } = await expectPaidOnce(market, asked);
    const taskIds = deals.map(({ deal }) => taskIdOf(dealIdOf(deal), 0));
    await expectOneDigestATask(plan, onlooker, taskIds);
    await waitFor("the leases to be over", async () => (await onlooker.leasesOut()) === 0);
    await mortals.stop();
    expect(mortals.faults, "ends that no signal explains").to.deep.equal([]);
    const traces = await tracesOf(local.home, plan);
    expect(traces.filter((trace) => !trace.startsWith("process"))).to.deep.equal([]);
  });
});
