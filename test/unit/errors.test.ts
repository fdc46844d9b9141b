import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

const ROOT = join(import.meta.dirname, "../..");
const SOURCES = "{protocol,chain,market,scheduler,worker,sdk,cli,web,scripts}/**/*.{ts,tsx}";
const CODE = /\bGM_[A-Z0-9_]+\b/g;

/** A row of the table: `| GM_CODE | what | why | what to do |`, the code between backticks. */
function documented(page: string): ReadonlyMap<string, readonly string[]> {
  const rows = page.split("\n").filter((line) => /^\| *`GM_/.test(line));
  return new Map(
    rows.map((row) => {
      const [code, ...cells] = row
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim());
      return [code!.replaceAll("`", ""), cells];
    }),
  );
}

describe("docs/errors.md", function () {
  let rows: ReadonlyMap<string, readonly string[]>;
  before(function () {
    rows = documented(readFileSync(join(ROOT, "docs/errors.md"), "utf8"));
  });
  const thrown = new Set(
    globSync(SOURCES, { cwd: ROOT }).flatMap((path) => readFileSync(join(ROOT, path), "utf8").match(CODE) ?? []),
  );

  it("lists every code of the product, and no code that is gone", function () {
    expect([...rows.keys()].sort()).to.deep.equal([...thrown].sort());
  });

  it("says of each what happened, why, and what to do", function () {
    const incomplete = [...rows].filter(([, cells]) => cells.length !== 3 || cells.some((cell) => cell === ""));

    expect(incomplete.map(([code]) => code)).to.deep.equal([]);
  });
});
