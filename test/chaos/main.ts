// `npm run test:chaos`: every file of test/chaos in its long form (`--short`: as in `npm test`), then all faults that were injected.
import { globSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

import { capture } from "../support/capture.ts";
import { isEnough, readTally, tallyText } from "../support/chaos/tally.ts";
import { envFor } from "../support/config.ts";
import { tempDir } from "../support/temp-dir.ts";

const ROOT = join(import.meta.dirname, "../..");
/** Begun first, since it takes as long as the others together. */
const LONGEST = "kill-matrix";
/** Side by side: they mostly wait, and share nothing but the Docker engine. */
const RUNNERS = 2;

const full = !process.argv.includes("--short");
const dir = await tempDir();
const tallyFile = join(dir.path, "tally.jsonl");
await writeFile(tallyFile, "");
const env = envFor({ GRIDMILL_TALLY: tallyFile, GRIDMILL_FULL: full ? "1" : undefined });
const files = globSync("test/chaos/*.test.ts", { cwd: ROOT }).sort();
const waiting = [...files.filter(isLongest), ...files.filter((file) => !isLongest(file))].values();
const failed: string[] = [];
await Promise.all(Array.from({ length: RUNNERS }, runner));
const tally = readTally(tallyFile);
await dir[Symbol.asyncDispose]();

if (failed.length > 0) console.log(`\nfailed: ${failed.join(", ")}`);
if (!isEnough(tally, full)) console.log("\nmore was lost, or less was done, than the long form allows");
process.exitCode = failed.length === 0 && isEnough(tally, full) ? 0 : 1;
console.log(`\n${tallyText(tally)}`);

function isLongest(file: string): boolean {
  return basename(file).startsWith(LONGEST);
}

/** Takes the next file as soon as it is free; shows what that printed in one piece. */
async function runner(): Promise<void> {
  for (const file of waiting) {
    console.log(`\n== ${file}: begun`);
    const began = performance.now();
    const command = ["npm", "run", "--silent", "test:file", "--", "--forbid-only", "--forbid-pending", file];
    const { output, exitCode } = await capture(command, env);
    if (exitCode !== 0) failed.push(file);
    console.log(`\n== ${file}: ${((performance.now() - began) / 1000).toFixed(1)} s\n${output}`);
  }
}
