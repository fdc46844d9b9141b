// `npm test`: every kind of check, each timed, whatever the others did.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

import { ensureDockerEngine } from "../cli/parts/docker-engine.ts";

import { loadTestConfig } from "./support/config.ts";
import { tempDir } from "./support/temp-dir.ts";
import { closingLines, countsOf, type KindResult } from "./support/test-summary.ts";

type Kind = {
  readonly kind: string;
  readonly command: readonly string[];
  /** Where its tests lie; a kind without any is passed over. */
  readonly files?: string;
};

const ROOT = join(import.meta.dirname, "..");
/** A test left out, or one picked out, would make the others look green. */
const STRICT = ["--forbid-only", "--forbid-pending"];
/** End-to-end tests are begun by file, these before the others: what takes long must not be begun last. */
const LONGEST = ["bad-input", "demo", "compose", "providers", "resume", "commands"];
/** Side by side: an end-to-end test mostly waits, for blocks and containers. They share nothing but the Docker engine. */
const RUNNERS = availableParallelism() + 1;

/** In the order in which they are begun. */
const KINDS: readonly Kind[] = [
  ...endToEnd(LONGEST.slice(0, 1)),
  { kind: "chaos", command: npmRun("test:chaos:short", STRICT), files: "test/chaos/**/*.test.ts" },
  { kind: "contracts", command: npmRun("test:contracts"), files: "{contracts/**/*.t.sol,test/contracts/**/*.test.ts}" },
  { kind: "lint", command: npmRun("lint") },
  { kind: "types", command: npmRun("typecheck") },
  { kind: "integration", command: npmRun("test:integration", STRICT), files: "test/integration/**/*.test.ts" },
  ...endToEnd(LONGEST.slice(1)),
  ...endToEnd(otherNames()),
  { kind: "unit", command: npmRun("test:unit", STRICT), files: "test/unit/**/*.test.ts" },
  { kind: "lint:sol", command: npmRun("lint:sol"), files: "contracts/**/*.sol" },
];

const start = performance.now();
const dir = await tempDir();
const engine = await ensureDockerEngine({ host: loadTestConfig().dockerHost, logDir: dir.path });
const results = await runAll(KINDS.filter(hasTests));
await engine.stop();
await dir[Symbol.asyncDispose]();
console.log(`\n${closingLines(results, (performance.now() - start) / 1000).join("\n")}`);
process.exitCode = results.some(({ failed }) => failed > 0) ? 1 : 0;

function npmRun(script: string, args: readonly string[] = []): readonly string[] {
  return ["npm", "run", "--silent", script, "--", ...args];
}

function endToEnd(names: readonly string[]): readonly Kind[] {
  return names.map((name) => {
    const file = `test/e2e/${name}.test.ts`;
    return { kind: name, command: npmRun("test:file", [...STRICT, file]), files: file };
  });
}

function otherNames(): readonly string[] {
  const files = globSync("test/e2e/**/*.test.ts", { cwd: ROOT }).sort();
  const names = files.map((file) => file.slice("test/e2e/".length, -".test.ts".length));
  return names.filter((name) => !LONGEST.includes(name));
}

function hasTests({ kind, files }: Kind): boolean {
  if (files === undefined || globSync(files, { cwd: ROOT }).length > 0) return true;
  console.log(`\n== ${kind}: no files yet, passed over`);
  return false;
}

/** Whoever is free takes the next one. The results are in the order of the kinds. */
async function runAll(kinds: readonly Kind[]): Promise<readonly KindResult[]> {
  const results: KindResult[] = [];
  const waiting = kinds.entries();
  const runner = async (): Promise<void> => {
    for (const [place, kind] of waiting) results[place] = await run(kind);
  };
  await Promise.all(Array.from({ length: RUNNERS }, runner));
  return results;
}

/** What it prints is shown in one piece when it is over, so that those that run beside it do not mix in. */
async function run({ kind, command }: Kind): Promise<KindResult> {
  console.log(`\n== ${kind}: begun`);
  const began = performance.now();
  const { output, exitCode } = await capture(command);
  const seconds = (performance.now() - began) / 1000;
  console.log(`\n== ${kind}: ${seconds.toFixed(1)} s\n${output}`);
  return { kind, seconds, ...countsOf(output, exitCode) };
}

async function capture([program, ...args]: readonly string[]): Promise<{ output: string; exitCode: number | null }> {
  const child = spawn(program!, args, { cwd: ROOT, stdio: ["inherit", "pipe", "pipe"] });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => chunks.push(chunk));
  }
  const [exitCode] = (await once(child, "close")) as [number | null];
  return { output: chunks.join(""), exitCode };
}
