/**
 * The gas table: `npm run bench:gas`, with `-- --json` as one JSON value, which also has every size of a settle, the largest
 * batches, and where the gas of a settle goes. `-- --write` renews `snapshots/gas.json`, with which a contract test
 * compares. Compile first.
 */
import { join } from "node:path";

import Table from "cli-table3";

import { FUNDS, openMarketFixture } from "../../test/contracts/support/market.ts";
import { replaceFile } from "../report.ts";
import { measureMaxBatch } from "./limits.ts";
import { matrixRows } from "./matrix.ts";
import { profileSettle } from "./profile.ts";
import type { GasRow } from "./row.ts";
import { measureRows } from "./rows.ts";

const count = (value: number | undefined): string => value?.toLocaleString("en-US") ?? "";
const ratioOf = ({ gas, reference }: GasRow): number | null =>
  reference ? Number((gas / reference).toFixed(4)) : null;

function render(rows: readonly GasRow[]): string {
  const table = new Table({
    head: ["", "gas", "target", "reference", "of reference", "estimate"],
    colAligns: ["left", "right", "right", "right", "right", "right"],
    style: { head: [], border: [] },
  });
  for (const each of rows) {
    const { name, gas, target, reference, estimate } = each;
    const ratio = ratioOf(each);
    const share = ratio === null ? "" : `${(ratio * 100).toFixed(1)} %`;
    table.push([name, count(gas), count(target), count(reference), share, count(estimate)]);
  }
  return table.toString();
}

async function wholeReport(rows: readonly GasRow[]): Promise<unknown> {
  const market = await openMarketFixture();
  for (const account of [market.requester, market.poolOwner]) {
    await market.escrow.connect(market.holder).depositFor(account, 100n * FUNDS);
  }
  const all = [...rows, ...(await matrixRows(market))];
  return {
    rows: all.map((each) => ({ reference: null, target: null, ...each, ratio: ratioOf(each) })),
    maxBatch: await measureMaxBatch(market),
    profile: await profileSettle(market),
  };
}

const rows = await measureRows();
if (process.argv.includes("--write")) {
  const snapshot = Object.fromEntries(rows.map(({ name, gas }) => [name, gas]));
  const path = join(import.meta.dirname, "../../snapshots/gas.json");
  await replaceFile(path, `${JSON.stringify(snapshot, undefined, 2)}\n`);
}
console.log(process.argv.includes("--json") ? JSON.stringify(await wholeReport(rows)) : render(rows));
