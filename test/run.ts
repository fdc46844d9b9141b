// `npm test`: every kind of check in turn, each timed, whatever the others did.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, globSync } from "node:fs";
import { join } from "node:path";

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

const KINDS: readonly Kind[] = [
  { kind: "lint", script: "lint" },
  { kind: "lint:sol", script: "lint:sol", files: "contracts/**/*.sol" },
  { kind: "types", script: "typecheck" },
  { kind: "unit", script: "test:unit", args: STRICT, files: "test/unit/**/*.test.ts" },
  { kind: "contracts", script: "test:contracts", files: "{contracts/**/*.t.sol,test/contracts/**/*.test.ts}" },
  { kind: "integration", script: "test:integration", args: STRICT, files: "test/integration/**/*.test.ts" },
  { kind: "e2e", script: "test:e2e", args: STRICT, files: "test/e2e/**/*.test.ts" },
];

const results: KindResult[] = [];
for (const kind of KINDS) {
  if (hasTests(kind)) results.push(await run(kind));
  else console.log(`\n== ${kind.kind}: no files yet, passed over`);
}
console.log(`\n${closingLines(results).join("\n")}`);
process.exitCode = results.some(({ failed }) => failed > 0) ? 1 : 0;

function hasTests({ script, files }: Kind): boolean {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: object };
  return script in scripts && (files === undefined || globSync(files, { cwd: ROOT }).length > 0);
}

async function run({ kind, script, args = [] }: Kind): Promise<KindResult> {
  console.log(`\n== ${kind}`);
  const start = performance.now();
  const { output, exitCode } = await show("npm", ["run", "--silent", script, ...args]);
  return { kind, seconds: (performance.now() - start) / 1000, ...countsOf(output, exitCode) };
}

/** Runs a command, passing on what it prints as it comes, and keeping it. */
async function show(command: string, args: readonly string[]): Promise<{ output: string; exitCode: number | null }> {
  const child = spawn(command, args, { cwd: ROOT, stdio: ["inherit", "pipe", "pipe"] });
  const chunks: string[] = [];
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    chunks.push(chunk);
    process.stdout.write(chunk);
  });
  child.stderr.pipe(process.stderr, { end: false });
  const [exitCode] = (await once(child, "close")) as [number | null];
  return { output: chunks.join(""), exitCode };
}
