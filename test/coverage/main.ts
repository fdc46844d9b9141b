/**
 * `npm run coverage:contracts`: which lines of the contracts their tests execute, and which outcomes of their conditions they
 * meet. Mocha and Solidity tests count together. `-- --write` renews the figures of `docs/coverage.md`. Exits 1 when a test
 * fails, at 95 % of the lines or less, at 90 % of the outcomes or less, and where unreached.json explains what is not so.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { replaceFile } from "../../bench/report.ts";
import { parse, sourcesOf } from "../support/solc.ts";
import type { Sources } from "../support/solc.ts";
import { copyOfTree } from "../support/tree-copy.ts";
import { libraryOf, withBranches } from "./branches.ts";
import type { Condition } from "./branches.ts";
import { mergeReports } from "./lcov.ts";
import { FILES_LEFT_OUT, titlesLeftOut } from "./left-out.ts";
import { renewed } from "./page.ts";
import type { Stamp } from "./page.ts";
import { readReasons, reasonOf, staleReasons } from "./reasons.ts";
import { figuresOf, isEnough, tableOf } from "./report.ts";
import type { Figures } from "./report.ts";

const ROOT = join(import.meta.dirname, "../..");
const COPIED = [
  "bench",
  "chain",
  "contracts",
  "protocol",
  "scripts",
  "snapshots",
  "test",
  "hardhat.config.ts",
  "package.json",
];
const PAGE = join(ROOT, "docs/coverage.md");

const stamp = takeStamp();
const reasons = readReasons();
await using tree = await copyOfTree(COPIED);

const figures = await measure();
const stale = staleReasons(reasons, figures.gaps);
console.log([tableOf(figures), ...linesOf(figures)].join("\n"));
for (const { file, text } of stale) console.error(`unreached.json explains what is reached or gone: ${file}: ${text}`);
if (process.argv.includes("--write")) {
  await replaceFile(PAGE, renewed(await readFile(PAGE, "utf8"), figures, reasons, stamp));
}
process.exitCode = isEnough(figures) && stale.length === 0 ? 0 : 1;

function takeStamp(): Stamp {
  const measured = ["--", "contracts", ":!contracts/**.t.sol", ":!contracts/test"];
  const git = (...args: readonly string[]): string =>
    execFileSync("git", [...args, ...measured], { cwd: ROOT, encoding: "utf8" }).trim();
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: git("log", "-1", "--format=%h"),
    changed: git("status", "--porcelain") !== "",
  };
}

async function measure(): Promise<Figures> {
  const exclude = ["**/*.t.sol", "contracts/{interfaces,mocks,test}/**"];
  const sources = sourcesOf(globSync("contracts/**/*.sol", { cwd: ROOT, exclude }).sort());
  const conditions = await countConditions(sources);
  await hardhat("build", "--no-tests");
  await command(process.execPath, "scripts/export-abi.ts");
  const tests = globSync("test/contracts/*.test.ts", { cwd: tree.path, exclude: FILES_LEFT_OUT }).sort();
  const byMocha = await reportOf("test", "mocha", "--grep-exclude", titlesLeftOut(), ...tests);
  const bySolidity = await reportOf("test", "solidity");
  return figuresOf(mergeReports([byMocha, bySolidity]), conditions, sources);
}

/** Rewrites the copied contracts so that outcomes of conditions are lines. */
async function countConditions(sources: Sources): Promise<readonly Condition[]> {
  const trees = parse(sources);
  const all: Condition[] = [];
  for (const [file, text] of sources) {
    const { source, library, conditions } = withBranches(file, text, trees.get(file)!);
    if (conditions.length === 0) continue;
    const path = join(tree.path, libraryOf(file));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, library);
    await writeFile(join(tree.path, file), source);
    all.push(...conditions);
  }
  return all;
}

function linesOf({ gaps }: Figures): readonly string[] {
  return gaps.map((gap) => {
    const reason = reasonOf(gap, reasons) ?? "no reason is given";
    return `${gap.file}:${gap.line} ${gap.what.join("; ")} (${reason})`;
  });
}

/** @returns what Hardhat measured, in lcov's format */
async function reportOf(...args: readonly string[]): Promise<string> {
  await hardhat(...args);
  return readFile(join(tree.path, "coverage/lcov.info"), "utf8");
}

function hardhat(...args: readonly string[]): Promise<void> {
  return command("hardhat", "--config", "test/coverage/hardhat.config.ts", "--coverage", ...args);
}

/** @throws when it does not exit with 0 */
async function command(program: string, ...args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { cwd: tree.path, stdio: "inherit" });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
}
