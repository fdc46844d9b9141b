import { readFile, statfs } from "node:fs/promises";
import { arch, availableParallelism, hostname, loadavg, platform, totalmem } from "node:os";

import { id } from "ethers";

import { MIB } from "../protocol/constants.ts";
import type { Hash } from "../protocol/primitives.ts";

/** What this machine has, before its owner decides how much of it to share. */
type Machine = {
  readonly cpuMillicores: number;
  readonly memoryMiB: number;
  readonly diskMiB: number;
};

/** @param folder lies on the disk that tasks will use */
export async function lookAtMachine(folder: string): Promise<Machine> {
  const { bavail, bsize } = await statfs(folder);
  return {
    cpuMillicores: availableParallelism() * 1_000,
    memoryMiB: Math.floor(totalmem() / MIB),
    diskMiB: Math.floor((bavail * bsize) / MIB),
  };
}

/** One-minute load average. */
export function machineLoad(): number {
  return loadavg()[0] ?? 0;
}

/** Image platform in Docker's words, such as `linux/amd64`. */
export function machinePlatform(): string {
  const names: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64", arm: "arm", ia32: "386" };
  return `${platform() === "win32" ? "windows" : "linux"}/${names[arch()] ?? arch()}`;
}

/** The same for all workers on one machine, and after every restart; tells nothing else about it. */
export async function machineName(): Promise<Hash> {
  const known = await readFile("/etc/machine-id", "utf8").catch(() => "");
  return id(`gridmill machine ${known.trim() || hostname()}`) as Hash;
}
