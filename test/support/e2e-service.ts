import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

import { envFor } from "./config.ts";
import { GRIDMILL } from "./local-market.ts";

/** A command that stays, such as `pool start` on another network. */
export interface ForegroundCommand extends AsyncDisposable {
  /** Its first line. */
  readonly ready: Readonly<Record<string, string>>;
  /** Asks it to end, as a service manager does; its exit code and what it said on stdout, a value a line. */
  stop(): Promise<{ readonly code: number | null; readonly said: readonly unknown[] }>;
}

const STOP_MS = 30_000;

/** Runs `gridmill ARGS --json` until it says that it is ready. */
export async function startCommand(args: readonly string[], env: Record<string, string>): Promise<ForegroundCommand> {
  const child = spawn(GRIDMILL, [...args, "--json"], { env: envFor(env), stdio: ["ignore", "pipe", "pipe"] });
  const exited = once(child, "exit") as Promise<[number | null]>;
  const said: unknown[] = [];
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => said.push(JSON.parse(line)));
  await Promise.race([once(lines, "line"), exited]);
  if (child.exitCode !== null) throw new Error(`gridmill ${args.join(" ")} ended with ${child.exitCode}:\n${log}`);
  const stop: ForegroundCommand["stop"] = async () => {
    child.kill("SIGTERM");
    const force = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    const [code] = await exited;
    clearTimeout(force);
    return { code, said };
  };
  return {
    ready: said[0] as Record<string, string>,
    stop,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null) await stop();
    },
  };
}
