import { readFile } from "node:fs/promises";

/** Of a tick of the kernel's clock, in which it counts a process's time. */
const TICK_MS = 10;

/** What a process has computed so far, its system calls included, in milliseconds. */
export async function cpuMsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  // The name, in brackets, may hold spaces: what follows it begins with field 3, the two times are 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Processes by the part that they are of. */
type Parts = Readonly<Record<string, readonly number[]>>;

/** What each part computes while `work` runs, in milliseconds of CPU for each of `tasks`. */
export async function cpuMsPerTask<T>(
  parts: Parts,
  tasks: number,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly cpuMs: Readonly<Record<string, number>> }> {
  const before = await totals(parts);
  const result = await work();
  const after = await totals(parts);
  const spent = Object.keys(parts).map((part) => [part, Number(((after[part]! - before[part]!) / tasks).toFixed(2))]);
  return { result, cpuMs: Object.fromEntries(spent) as Readonly<Record<string, number>> };
}

async function totals(parts: Parts): Promise<Record<string, number>> {
  const sums = Object.entries(parts).map(async ([part, pids]) => {
    const each = await Promise.all(pids.map(cpuMsOf));
    return [part, each.reduce((sum, ms) => sum + ms, 0)] as const;
  });
  return Object.fromEntries(await Promise.all(sums));
}
