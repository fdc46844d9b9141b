import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

import { productTexts } from "../../support/error-facts.ts";
import { linesIn, literalsIn, mentionsIn, whyUntypable } from "../../support/named-commands.ts";

const ROOT = join(import.meta.dirname, "../../..");
const PAGES = "{*.md,docs/**/*.md,apps/*/README.md,contracts/README.md}";
/** Holds shell variables; every line of it is typed by test/e2e/dapp.test.ts. */
const TYPED = "docs/dapp.md";
/** Salts a machine's number; nobody types it. */
const NO_COMMAND = /^machine /;

async function untypable(lines: readonly string[], prose: boolean): Promise<readonly string[]> {
  const all = await Promise.all([...new Set(lines)].map((line) => whyUntypable(line, prose)));
  return all.filter((why) => why !== undefined);
}

describe("a command that somebody is told to type", function () {
  it("can be typed as the pages have it", async function () {
    const pages = globSync(PAGES, { cwd: ROOT, exclude: [TYPED] }).map((path) =>
      readFileSync(join(ROOT, path), "utf8"),
    );
    const lines = pages.flatMap(linesIn);

    expect(lines).to.have.length.above(50);
    expect(await untypable(lines, false)).to.deep.equal([]);
  });

  it("can be typed as hints, notes and examples have it", async function () {
    const texts = [...productTexts()].flatMap(([path, text]) => literalsIn(path, text));
    const mentions = texts.flatMap(mentionsIn).filter((line) => !NO_COMMAND.test(line));

    expect(mentions).to.have.length.above(50);
    expect(await untypable(mentions, true)).to.deep.equal([]);
  });

  it("is found out when it cannot be", async function () {
    for (const line of ["help", "task shw ID", "up --fesh", "pool offer --calbacks", "trust 3"]) {
      expect(await whyUntypable(line, true), line).to.be.a("string");
    }
    expect(await whyUntypable("app offer 1", false)).to.be.a("string");
    expect(await whyUntypable("pool create --endpoint URL makes one", true)).to.equal(undefined);
    expect(await whyUntypable("pool create --endpoint URL makes one", false)).to.be.a("string");
  });
});
