import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

const ROOT = join(import.meta.dirname, "../..");

/** Rows of the costs in docs/deploy.md, and what snapshots/gas.json calls the same. */
const ROWS: Readonly<Record<string, readonly string[]>> = {
  "open a deal": ["deal of volume 1 opened alone, no dataset"],
  "a deal opened in a batch of 100 of one requester": ["deal opened in a batch of 100 of one requester"],
  "one task, 3 votes, alone in its epoch: seal and settle": ["whole task, 3 votes, alone in its epoch"],
  "a task in a deal of 100 settled together": ["whole task, 3 votes, batch of 100 in one deal, 10 workers"],
  "register an app": ["register an app"],
  "deposit, withdraw, bond": ["deposit", "withdraw", "bond"],
};

describe("the costs in docs/deploy.md", function () {
  const page = readFileSync(join(ROOT, "docs/deploy.md"), "utf8");
  const gas = JSON.parse(readFileSync(join(ROOT, "snapshots/gas.json"), "utf8")) as Readonly<Record<string, number>>;

  for (const [row, names] of Object.entries(ROWS)) {
    it(`are those that were measured: ${row}`, function () {
      const measured = names.map((name) => gas[name]!.toLocaleString("en")).join(", ");

      expect(page).to.contain(`\n| ${row} | ${measured} |`);
    });
  }
});
