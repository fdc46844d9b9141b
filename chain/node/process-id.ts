import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

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

/** When it was started, in whatever form this system tells; a dead one that nobody has waited for counts as gone. */
async function birthOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (stat !== undefined) {
    // Field 22 of proc(5); the name in field 2 may hold spaces, so count from behind it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  }
  if (process.platform === "linux") return undefined;
  const listed = await promisify(execFile)("ps", ["-o", "lstart=", "-p", `${pid}`]).catch(() => undefined);
  return listed?.stdout.trim() || undefined;
}
