import { readFile } from "node:fs/promises";

/** Resident size of a process in MiB, as the kernel counts it: VmRSS. */
export async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) / 1_024);
}
