import { readFile } from "node:fs/promises";

import type { Service } from "../stage/service.ts";

const CHEATED = JSON.stringify({ msg: "cheated" });

/** What a cheating process writes into its log whenever it has cheated. */
export function sayCheated(): void {
  process.stdout.write(`${CHEATED}\n`);
}

/** Whether a process has cheated by now. */
export async function hasCheated({ child }: Service): Promise<boolean> {
  return (await readFile(child.logFile, "utf8")).includes(CHEATED);
}
