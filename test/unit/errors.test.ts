import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

import { errorClasses, errorsThrown, productTexts } from "../support/error-facts.ts";
import type { ErrorClass } from "../support/error-facts.ts";
import { namedIn } from "../support/named-commands.ts";

const ROOT = join(import.meta.dirname, "../..");
const CODE = /\bGM_[A-Z0-9_]+\b/g;

/** Where people look for an error: by who says it. */
const SECTIONS: readonly { readonly title: string; readonly within: RegExp }[] = [
  { title: "Anywhere", within: /^protocol\/errors\.ts$/ },
  { title: "Orders", within: /^protocol\/order-errors\.ts$/ },
  { title: "Market", within: /^(protocol\/market-errors\.ts$|market\/)/ },
  { title: "Chain", within: /^chain\// },
  { title: "Pool", within: /^scheduler\// },
  { title: "Worker", within: /^worker\/(?!executor\/)/ },
  { title: "Images and containers", within: /^(worker\/executor|cli\/images)\// },
  { title: "Command and SDK", within: /^(cli\/(?!images\/)|sdk\/)/ },
];

/** Codes that nobody throws, and what the page says of trying again: an error without a code, and marks on lost votes. */
const WITHOUT_CLASS: Readonly<Record<string, string>> = {
  GM_UNEXPECTED: "no",
  GM_LEASE_EXPIRED: "-",
  GM_MACHINE_TOO_SMALL: "-",
  GM_NO_BALLOT: "-",
  GM_TIME_NOT_PASSED: "-",
  GM_VOTE_DOUBTED: "-",
  GM_VOTE_GIVEN_UP: "-",
};

type Row = {
  readonly section: string;
  readonly cells: readonly string[];
  readonly todo: string;
  readonly again: string;
};

/** Rows `| GM_CODE | what | why | what to do | retryable |`, the code between backticks, below `## section`. */
function documented(page: string): ReadonlyMap<string, Row> {
  const sections = page.split(/^## /m).slice(1);
  return new Map(
    sections.flatMap((text) => {
      const [section, ...lines] = text.split("\n");
      return lines.filter((line) => /^\| *`GM_/.test(line)).map((line) => rowOf(section!, line));
    }),
  );
}

function rowOf(section: string, line: string): readonly [string, Row] {
  const [code, ...cells] = line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
  return [code!.replaceAll("`", ""), { section, cells, todo: cells[2] ?? "", again: cells[3] ?? "" }];
}

describe("docs/errors.md", function () {
  const rows = documented(readFileSync(join(ROOT, "docs/errors.md"), "utf8"));
  const texts = productTexts();
  const thrown = errorsThrown(texts);
  let classes: readonly ErrorClass[] = [];
  before(async () => (classes = await errorClasses(texts)));

  /** What hints of one code tell people to type. */
  const typedFor = (code: string): readonly string[] => {
    const names = classes.filter((each) => each.code === code).map(({ name, path }) => `${name} ${path.split("/")[0]}`);
    const own = thrown.filter(({ name, path }) => {
      const ours = classes.filter((each) => each.name === name);
      const room = path.split("/")[0]!;
      const near = ours.find((each) => each.path.startsWith(`${room}/`)) ?? ours[0];
      return near !== undefined && names.includes(`${name} ${near.path.split("/")[0]}`);
    });
    return [...new Set(own.flatMap(({ hint }) => namedIn(hint ?? "")))].sort();
  };

  it("lists every code of the product, and no code that is gone", function () {
    const used = new Set([...texts.values()].flatMap((text) => text.match(CODE) ?? []));

    expect([...rows.keys()].sort()).to.deep.equal([...used].sort());
  });

  it("says of each what happened, why, what to do and whether trying again helps", function () {
    const incomplete = [...rows].filter(([, { cells }]) => cells.length !== 4 || cells.some((cell) => cell === ""));

    expect(incomplete.map(([code]) => code)).to.deep.equal([]);
  });

  it("has one class behind each code, or says why there is none", function () {
    const codes = [...classes.map(({ code }) => code), ...Object.keys(WITHOUT_CLASS)];

    expect(codes.sort()).to.deep.equal([...rows.keys()].sort());
  });

  it("promises what the classes promise: whether trying again helps", function () {
    const defined = classes.map(({ code, retryable }): [string, string] => [code, retryable ? "yes" : "no"]);
    const all = new Map([...defined, ...Object.entries(WITHOUT_CLASS)]);

    expect(Object.fromEntries([...rows].map(([code, { again }]) => [code, again]))).to.deep.equal(
      Object.fromEntries([...rows.keys()].map((code) => [code, all.get(code)])),
    );
  });

  it("has each code in the section of the room that says it", function () {
    const placed = classes.map(({ code, path }) => [code, SECTIONS.find(({ within }) => within.test(path))?.title]);

    expect(placed.map(([code]) => [code, rows.get(code!)?.section])).to.deep.equal(placed);
  });

  it("tells people to type what the hints tell them", function () {
    const codes = [...rows.keys()].filter((code) => code !== "GM_USAGE"); // each command's own help says more
    const told = codes.map((code) => [code, namedIn(rows.get(code)!.todo)]).filter(([, named]) => named!.length > 0);
    const hinted = codes.map((code) => [code, typedFor(code)]).filter(([, named]) => named!.length > 0);

    expect(Object.fromEntries(told)).to.deep.equal(Object.fromEntries(hinted));
  });

  it("is not needed to know what to do: what the command and its images and SDK throw says so itself", function () {
    const names = new Set(classes.map(({ name }) => name));
    const silent = thrown.filter(
      ({ path, name, hint }) => /^(cli|sdk)\//.test(path) && names.has(name) && hint === undefined,
    );

    expect(silent).to.deep.equal([]);
  });
});
