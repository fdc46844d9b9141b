/**
 * The gas table: `npm run bench:gas`, with `-- --json` as one JSON value. `-- --write` renews `snapshots/gas.json`, with
 * which a contract test compares. Compile first.
 */
import { join } from "node:path";

import Table from "cli-table3";

import { replaceFile } from "../report.ts";
import { measureRows } from "./rows.ts";
import type { GasRow } from "./rows.ts";

const count = (value: number | undefined): string => value?.toLocaleString("en-US") ?? "";

function render(rows: readonly GasRow[]): string {
  const table = new Table({
    head: ["", "gas", "target", "reference", "of reference", "estimate"],
    colAligns: ["left", "right", "right", "right", "right", "right"],
    style: { head: [], border: [] },
  });
  for (const { row, gas, target, reference, estimate } of rows) {
    const share = reference === undefined ? "" : `${((gas / reference) * 100).toFixed(1)} %`;
    table.push([row, count(gas), count(target), count(reference), share, count(estimate)]);
  }
  return table.toString();
}

const rows = await measureRows();
if (process.argv.includes("--write")) {
  const snapshot = Object.fromEntries(rows.map(({ row, gas }) => [row, gas]));
  const path = join(import.meta.dirname, "../../snapshots/gas.json");
  await replaceFile(path, `${JSON.stringify(snapshot, undefined, 2)}\n`);
}
console.log(process.argv.includes("--json") ? JSON.stringify({ rows }) : render(rows));
