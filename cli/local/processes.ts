import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

import { until } from "../parts/until.ts";

/** A process, named so that a later one with the same number is not taken for it. */
export type ProcessId = { readonly pid: number; readonly born: string };

/** @returns undefined when there is no such process (any more) */
export async function identify(pid: number): Promise<ProcessId | undefined> {
  const born = await birthOf(pid);
  return born === undefined ? undefined : { pid, born };
}

/** Whether the very same process still runs. */
export async function isAlive({ pid, born }: ProcessId): Promise<boolean> {
  return (await birthOf(pid)) === born;
}

/** Asks it to end, and ends it by force when it does not within `graceMs`. Never touches a process that is not ours. */
export async function stopProcess(id: ProcessId, graceMs = 15_000): Promise<void> {
  if (!(await signal(id, "SIGTERM"))) return;
  if (await until(async () => !(await isAlive(id)), { timeoutMs: graceMs, everyMs: 50 })) return;
  if (await signal(id, "SIGKILL")) await until(async () => !(await isAlive(id)), { timeoutMs: 5_000 });
}

async function signal(id: ProcessId, name: NodeJS.Signals): Promise<boolean> {
  if (!(await isAlive(id))) return false;
  try {
    return process.kill(id.pid, name);
  } catch {
    return false; // it ended between the look and the signal
  }
}

/** When it was started, in whatever form this system tells; a dead one that nobody has waited for counts as gone. */
async function birthOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (stat !== undefined) {
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // the name before it may hold spaces
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  }
  if (process.platform === "linux") return undefined;
  const listed = await promisify(execFile)("ps", ["-o", "lstart=", "-p", `${pid}`]).catch(() => undefined);
  return listed?.stdout.trim() || undefined;
}
