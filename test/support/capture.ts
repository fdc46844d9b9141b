import { spawn } from "node:child_process";
import { once } from "node:events";

import { REPOSITORY } from "./local-market.ts";

/** What a command has printed, on both streams, and how it ended. */
export type Captured = { readonly output: string; readonly exitCode: number | null };

/** Runs a command in the repository to its end. @param env all of it; default: ours */
export async function capture([program, ...args]: readonly string[], env?: NodeJS.ProcessEnv): Promise<Captured> {
  const child = spawn(program!, args, { cwd: REPOSITORY, stdio: ["inherit", "pipe", "pipe"], env });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => chunks.push(chunk));
  }
  const [exitCode] = (await once(child, "close")) as [number | null];
  return { output: chunks.join(""), exitCode };
}
