/**
 * The gas table: `npm run bench:gas`, with `-- --json` as one JSON value. Compile first.
 */
import Table from "cli-table3";

import { measureRows } from "./rows.ts";
import type { GasRow } from "./rows.ts";

const count = (value: number | undefined): string => value?.toLocaleString("en-US") ?? "";

function render(rows: readonly GasRow[]): string {
  const table = new Table({
    head: ["", "gas", "target", "reference", "of reference"],
    colAligns: ["left", "right", "right", "right", "right"],
    style: { head: [] },
  });
  for (const { row, gas, target, reference } of rows) {
    const share = reference === undefined ? "" : `${((gas / reference) * 100).toFixed(1)} %`;
    table.push([row, count(gas), count(target), count(reference), share]);
  }
  return table.toString();
}

const rows = await measureRows();
console.log(process.argv.includes("--json") ? JSON.stringify({ rows }) : render(rows));
