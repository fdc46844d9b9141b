import { randomUUID } from "node:crypto";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { format } from "prettier";

import type { Stamp } from "./stamp.ts";

/** Prints what a bench has measured as one JSON value; with `--write` it becomes `bench/results/<bench>.json`, too. */
export async function report(
  result: Stamp & Readonly<Record<"bench", string> & Record<string, unknown>>,
): Promise<void> {
  const text = JSON.stringify(result);
  if (process.argv.includes("--write")) {
    const path = join(import.meta.dirname, "results", `${result.bench}.json`);
    await replaceFile(path, await format(text, { parser: "json", printWidth: 120 }));
  }
  console.log(text);
}

/** Replaces a file as a whole: whoever reads it, or stops the bench, finds the old figures or the new ones. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomUUID()}.draft`;
  await writeFile(draft, text);
  await rename(draft, path);
}
