/**
 * How many executions a task costs, and how many answers are wrong, under four policies: `npm run bench:credibility`. Prints the
 * tables; `-- --json` prints all numbers as one JSON value; `-- --write` renews `bench/results/credibility.json`, the plots beside
 * it, and the tables of docs/credibility.md. It takes about two minutes of one core. Same seeds, same numbers.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import CliTable from "cli-table3";
import { format } from "prettier";

import { replaceFile } from "../report.ts";
import { takeStamp } from "../stamp.ts";
import { WORKLOAD } from "./experiments.ts";
import { withTables } from "./page.ts";
import { plotsOf } from "./plots.ts";
import { packedResults } from "./packed.ts";
import { simulateAll } from "./results.ts";
import type { Results } from "./results.ts";
import { SEEDS } from "./statistics.ts";
import { tablesOf } from "./tables.ts";

const RESULTS = join(import.meta.dirname, "../results");
const PAGE = join(import.meta.dirname, "../../docs/credibility.md");

async function write(results: Results, json: string): Promise<void> {
  await replaceFile(join(RESULTS, "credibility.json"), await format(json, { parser: "json", printWidth: 120 }));
  for (const [name, svg] of Object.entries(await plotsOf(results))) {
    await replaceFile(join(RESULTS, `credibility-${name}.svg`), svg);
  }
  await replaceFile(PAGE, withTables(await readFile(PAGE, "utf8"), tablesOf(results)));
}

function render(results: Results): string {
  return Object.entries(tablesOf(results))
    .map(([name, { head, rows }]) => {
      const table = new CliTable({ head: [...head], style: { head: [], border: [] } });
      table.push(...rows.map((row) => [...row]));
      return `${name}\n${table.toString()}`;
    })
    .join("\n\n");
}

const stamp = takeStamp();
const begun = process.cpuUsage();
const results = simulateAll();
const cpuSeconds = Math.round(process.cpuUsage(begun).user / 1e6);
const about = { bench: "credibility", ...stamp, cpuSeconds, seeds: SEEDS, workload: WORKLOAD };
const json = JSON.stringify({ ...about, ...packedResults(results) });
if (process.argv.includes("--write")) await write(results, json);
console.log(process.argv.includes("--json") ? json : render(results));
