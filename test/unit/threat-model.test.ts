import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

const ROOT = join(import.meta.dirname, "../..");
const FILE = /`([\w./-]+\.(?:test\.ts|t\.sol))`/g;
/** A file and the tests in it that are named: "…", "…". */
const TITLES = /`([\w./-]+\.(?:test\.ts|t\.sol))`: ("[^"]+"(?:, "[^"]+")*)/g;

/** The page names files of contract tests without their folder. */
const pathOf = (file: string): string => join(ROOT, file.includes("/") ? file : `test/contracts/${file}`);

describe("docs/threat-model.md", function () {
  const page = readFileSync(join(ROOT, "docs/threat-model.md"), "utf8");

  it("names no test file that there is not", function () {
    const files = [...page.matchAll(FILE)].map(([, file]) => file!);

    expect(files).not.to.have.lengthOf(0);
    expect(files.filter((file) => !existsSync(pathOf(file)))).to.deep.equal([]);
  });

  it("names no test that its file does not have", function () {
    const named = [...page.matchAll(TITLES)].flatMap(([, file, titles]) =>
      [...titles!.matchAll(/"([^"]+)"/g)].map(([, title]) => ({ file: file!, title: title! })),
    );

    expect(named).not.to.have.lengthOf(0);
    expect(named.filter(({ file, title }) => !readFileSync(pathOf(file), "utf8").includes(title))).to.deep.equal([]);
  });

  it("has an answer for every defect and weakness of the reference protocol", function () {
    const rows = [...page.matchAll(/^\| ([DW]\d+) +\|/gm)].map(([, row]) => row);

    const numbered = (letter: string, count: number) =>
      Array.from({ length: count }, (_unused, i) => `${letter}${i + 1}`);
    expect(rows).to.deep.equal([...numbered("D", 5), ...numbered("W", 15)]);
  });
});
