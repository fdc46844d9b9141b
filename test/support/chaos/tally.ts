import { appendFileSync, readFileSync } from "node:fs";

import Table from "cli-table3";

import { loadTestConfig } from "../config.ts";

/** What chaos tests do to a market. `death in its process` is a scheduler that dies by an error, not by a signal. */
const KINDS = ["kill", "network fault", "reorganisation", "cheat", "wrong clock", "death in its process"] as const;
export type FaultKind = (typeof KINDS)[number];

type Line = { readonly kind: FaultKind; readonly name: string } | { readonly lost: number };

/** How often each fault was injected, by kind and name, and how many tasks were not settled or refunded exactly once. */
export type Tally = { readonly faults: ReadonlyMap<FaultKind, ReadonlyMap<string, number>>; readonly lost: number };

/** Fewer of these in the long form show too little. */
const LEAST: Partial<Record<FaultKind, number>> = { kill: 200, "network fault": 50, reorganisation: 1, cheat: 1 };

/** Called where a fault is injected, once it is; counted over all processes of the run. */
export function countFault(kind: FaultKind, name: string): void {
  write({ kind, name });
}

/** Called where the books are read, with what {@link lostTasks} found. */
export function countLost(lost: number): void {
  if (lost > 0) write({ lost });
}

function write(line: Line): void {
  const { tally } = loadTestConfig();
  if (tally) appendFileSync(tally, `${JSON.stringify(line)}\n`);
}

export function readTally(file: string): Tally {
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  const faults = new Map<FaultKind, Map<string, number>>(KINDS.map((kind) => [kind, new Map()]));
  let lost = 0;
  for (const line of lines.map((text) => JSON.parse(text) as Line)) {
    if ("lost" in line) lost += line.lost;
    else faults.get(line.kind)!.set(line.name, (faults.get(line.kind)!.get(line.name) ?? 0) + 1);
  }
  return { faults, lost };
}

const sumOf = ({ faults }: Tally, kind: FaultKind): number =>
  [...faults.get(kind)!.values()].reduce((sum, count) => sum + count, 0);

/** Every fault with its count, and the line that sums them up. */
export function tallyText(tally: Tally): string {
  const table = new Table({ head: ["kind", "fault", "times"], style: { head: [], border: [], compact: true } });
  for (const [kind, names] of tally.faults) for (const [name, count] of names) table.push([kind, name, count]);
  const sums = [
    `kills: ${sumOf(tally, "kill")}`,
    `network faults: ${sumOf(tally, "network fault")}`,
    `reorganisations: ${sumOf(tally, "reorganisation")}`,
    `cheats: ${sumOf(tally, "cheat")}`,
    `lost: ${tally.lost}`,
  ];
  return `${table.toString()}\n${sums.join(", ")}`;
}

/** Whether nothing was lost, and in the long form enough was done to say so. */
export function isEnough(tally: Tally, full: boolean): boolean {
  const least = Object.entries(LEAST) as [FaultKind, number][];
  return tally.lost === 0 && (!full || least.every(([kind, count]) => sumOf(tally, kind) >= count));
}
