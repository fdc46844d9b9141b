import { execFileSync } from "node:child_process";
import { cpus, loadavg, totalmem } from "node:os";

import { MIB } from "../protocol/constants.ts";

/** What a number means nothing without: when, where, and of which code. */
export type Stamp = {
  readonly date: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryMiB: number;
    readonly node: string;
    /** Load of the last minute, by whatever else ran there. */
    readonly load: number;
  };
  readonly commit: string;
  /** True when files differed from that commit. */
  readonly changed: boolean;
};

export function takeStamp(): Stamp {
  const [first] = cpus();
  const git = (...args: readonly string[]): string => execFileSync("git", args, { encoding: "utf8" }).trim();
  return {
    date: new Date().toISOString(),
    machine: {
      cpu: first?.model ?? "unknown",
      cores: cpus().length,
      memoryMiB: Math.round(totalmem() / MIB),
      node: process.version,
      load: Number(loadavg()[0]!.toFixed(2)),
    },
    commit: git("rev-parse", "--short", "HEAD"),
    // Results that other benches wrote just now change nothing that is measured.
    changed: git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!bench/results") !== "",
  };
}

/** The middle value; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(half)]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
