import { execFile } from "node:child_process";

import { envFor } from "./config.ts";
import { REPOSITORY } from "./local-market.ts";

/** The lines of a page's `sh` blocks that somebody would type, without what is said about them. */
export function linesOf(markdown: string): readonly string[] {
  const blocks = [...markdown.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text]) => text!);
  return blocks.flatMap((text) => text.split("\n")).flatMap((line) => line.replace(/\s+#.*/, "").trim() || []);
}

/**
 * Types lines into one shell, as a reader of the page would, in the home of a market that runs. Returns what they printed.
 * @throws with everything that was typed and said, when a line fails or they take longer than `timeoutMs`
 */
export async function typeLines(lines: readonly string[], home: string, timeoutMs = 240_000): Promise<string> {
  return new Promise((resolve, reject) => {
    const settings = { cwd: REPOSITORY, env: envFor({ GRIDMILL_HOME: home }), timeout: timeoutMs } as const;
    execFile("sh", ["-eu", "-v", "-c", lines.join("\n")], settings, (error, stdout, stderr) => {
      if (error) reject(new Error(`${error.message}\n${stderr}\n${stdout}`));
      else resolve(stdout);
    });
  });
}
