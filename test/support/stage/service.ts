import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { startChild, waitReady } from "../../../cli/parts/child.ts";
import type { Child } from "../../../cli/parts/child.ts";
import { envFor } from "../config.ts";

const ROOT = join(import.meta.dirname, "../../..");
const START_MS = 120_000;

/** A service of ours that runs as a process, and the URL that it says. */
export type Service = { readonly child: Child; readonly url: string };

export type ServiceSpec = {
  readonly name: string;
  /** Relative to the repository. */
  readonly program: string;
  /** Options of Node itself. */
  readonly flags?: readonly string[];
  /** What the program is called with. */
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Gets its log. */
  readonly folder: string;
};

/** Starts it and waits for its log line `ready`. @throws PartFailedError with the end of its log */
export async function startService({ name, program, folder, env, ...told }: ServiceSpec): Promise<Service> {
  const logFile = join(folder, `${name}.log`);
  const { flags = [], args: words = [] } = told;
  const args = [...flags, join(ROOT, program), ...words];
  const child = await startChild({ name, command: process.execPath, args, logFile, cwd: ROOT, env: envFor(env) });
  let url = "";
  const isReady = async (): Promise<boolean> => {
    const line = (await readFile(logFile, "utf8")).split("\n").find((text) => text.includes('"msg":"ready"'));
    if (line) ({ url } = JSON.parse(line) as { url: string });
    return line !== undefined;
  };
  await waitReady(child, isReady, START_MS);
  return { child, url };
}

/** Resident size in MiB, as the kernel counts it. */
export async function residentMiB({ child }: Service): Promise<number> {
  const status = await readFile(`/proc/${child.pid}/status`, "utf8");
  return Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) / 1_024);
}
