// `npm test`: every kind of check, each timed, whatever the others did. `npm test -- --all` adds those that take minutes each.
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";

import { ensureDockerEngine } from "../cli/parts/docker-engine.ts";

import { capture } from "./support/capture.ts";
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
/** Tests of whole markets are begun by file, these before the others: what takes long must not be begun last. */
const LONGEST = ["e2e/demo", "e2e/providers", "e2e/resume", "e2e/commands"];
/**
 * Left to `--all`: building an image of all services, killing every process of a market again and again, cutting the power
 * of a machine, reorganising its chain, setting its clocks wrong, and typing a whole page of documentation.
 */
const CHAOS = ["chaos/kill-matrix", "chaos/power-cut", "chaos/reorganisations", "chaos/clocks"];
const MINUTES_EACH = ["e2e/compose", ...CHAOS, "e2e/dapp"];
/** Side by side: a test of a whole market mostly waits, for blocks and containers. They share nothing but the engine. */
const RUNNERS = availableParallelism() + 1;

/** In the order in which they are begun; `bad-input` also makes the image that others build on. These need no contracts. */
const MEANWHILE: readonly Kind[] = [
  byFile("e2e/bad-input"),
  { kind: "unit", command: npmRun("test:unit", STRICT), files: "test/unit/**/*.test.ts" },
  byFile("chaos/mishaps"),
  { kind: "lint:sol", command: npmRun("lint:sol"), files: "contracts/**/*.sol" },
  byFile("e2e/hardhat-node"),
];
/** Compiles the contracts. */
const BUILD: Kind = { kind: "build", command: npmRun("setup") };
const AFTERWARDS: readonly Kind[] = [
  { kind: "integration", command: npmRun("test:integration", STRICT), files: "test/integration/**/*.test.ts" },
  { kind: "contracts", command: npmRun("test:contracts"), files: "{contracts/**/*.t.sol,test/contracts/**/*.test.ts}" },
  ...LONGEST.map(byFile),
  { kind: "lint", command: npmRun("lint") },
  ...(process.argv.includes("--all") ? MINUTES_EACH.map(byFile) : []),
  ...otherFiles().map(byFile),
  { kind: "types", command: npmRun("typecheck") },
];

const start = performance.now();
const dir = await tempDir();
const engine = await ensureDockerEngine({ host: loadTestConfig().dockerHost, logDir: dir.path });
const results = await runAll([BUILD, ...MEANWHILE, ...AFTERWARDS].filter(hasTests));
await engine.stop();
await dir[Symbol.asyncDispose]();
console.log(`\n${closingLines(results, (performance.now() - start) / 1000).join("\n")}`);
process.exitCode = results.some(({ failed }) => failed > 0) ? 1 : 0;

function npmRun(script: string, args: readonly string[] = []): readonly string[] {
  return ["npm", "run", "--silent", script, "--", ...args];
}

function byFile(name: string): Kind {
  const file = `test/${name}.test.ts`;
  return { kind: basename(name), command: npmRun("test:file", [...STRICT, file]), files: file };
}

function otherFiles(): readonly string[] {
  const named = [...MEANWHILE, ...[...LONGEST, ...MINUTES_EACH].map(byFile)].map(({ files }) => files);
  const files = globSync("test/{e2e,chaos}/**/*.test.ts", { cwd: ROOT }).sort();
  return files.filter((file) => !named.includes(file)).map((file) => file.slice("test/".length, -".test.ts".length));
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
  const built = Promise.withResolvers<void>();
  const runner = async (): Promise<void> => {
    for (const [place, kind] of waiting) {
      if (AFTERWARDS.includes(kind)) await built.promise;
      results[place] = await run(kind);
      if (kind === BUILD) built.resolve();
    }
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
