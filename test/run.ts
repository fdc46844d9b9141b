// `npm test`: every kind of check, each timed, whatever the others did.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, globSync } from "node:fs";
import { join } from "node:path";

import { ensureDockerEngine } from "../cli/parts/docker-engine.ts";

import { loadTestConfig } from "./support/config.ts";
import { tempDir } from "./support/temp-dir.ts";
import { closingLines, countsOf, type KindResult } from "./support/test-summary.ts";

type Kind = {
  readonly kind: string;
  /** The npm script that runs it, and what it is given. */
  readonly script: string;
  readonly args?: readonly string[];
  /** Where its tests lie; a kind without any is passed over. */
  readonly files?: string;
};

const ROOT = join(import.meta.dirname, "..");
/** A test left out, or one picked out, would make the others look green. */
const STRICT = ["--", "--forbid-only", "--forbid-pending"];
/** The end-to-end tests that render go into the other lane, so that the two take about as long. */
const DEMO = "^npm run demo";

/**
 * Two lanes side by side: the first computes, the second mostly waits for blocks and containers. A kind shares nothing with
 * those of the other lane but the Docker engine.
 */
const LANES: readonly (readonly Kind[])[] = [
  [
    { kind: "lint", script: "lint" },
    { kind: "lint:sol", script: "lint:sol", files: "contracts/**/*.sol" },
    { kind: "types", script: "typecheck" },
    { kind: "unit", script: "test:unit", args: STRICT, files: "test/unit/**/*.test.ts" },
    { kind: "contracts", script: "test:contracts", files: "{contracts/**/*.t.sol,test/contracts/**/*.test.ts}" },
    { kind: "integration", script: "test:integration", args: STRICT, files: "test/integration/**/*.test.ts" },
    { kind: "demo", script: "test:e2e", args: [...STRICT, "--grep", DEMO] },
  ],
  [{ kind: "e2e", script: "test:e2e", args: [...STRICT, "--grep", DEMO, "--invert"], files: "test/e2e/**/*.test.ts" }],
];

const start = performance.now();
const dir = await tempDir();
const engine = await ensureDockerEngine({ host: loadTestConfig().dockerHost, logDir: dir.path });
const results = (await Promise.all(LANES.map(runLane))).flat();
await engine.stop();
await dir[Symbol.asyncDispose]();
console.log(`\n${closingLines(results, (performance.now() - start) / 1000).join("\n")}`);
process.exitCode = results.some(({ failed }) => failed > 0) ? 1 : 0;

async function runLane(kinds: readonly Kind[]): Promise<readonly KindResult[]> {
  const done: KindResult[] = [];
  for (const kind of kinds) {
    if (hasTests(kind)) done.push(await run(kind));
    else console.log(`\n== ${kind.kind}: no files yet, passed over`);
  }
  return done;
}

function hasTests({ script, files }: Kind): boolean {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: object };
  return script in scripts && (files === undefined || globSync(files, { cwd: ROOT }).length > 0);
}

/** What it prints is shown in one piece when it is over, so that the lanes do not mix. */
async function run({ kind, script, args = [] }: Kind): Promise<KindResult> {
  console.log(`\n== ${kind}: begun`);
  const began = performance.now();
  const { output, exitCode } = await capture("npm", ["run", "--silent", script, ...args]);
  const seconds = (performance.now() - began) / 1000;
  console.log(`\n== ${kind}: ${seconds.toFixed(1)} s\n${output}`);
  return { kind, seconds, ...countsOf(output, exitCode) };
}

async function capture(command: string, args: readonly string[]): Promise<{ output: string; exitCode: number | null }> {
  const child = spawn(command, args, { cwd: ROOT, stdio: ["inherit", "pipe", "pipe"] });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => chunks.push(chunk));
  }
  const [exitCode] = (await once(child, "close")) as [number | null];
  return { output: chunks.join(""), exitCode };
}
