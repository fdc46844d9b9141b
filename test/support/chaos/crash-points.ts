import { appendFileSync, existsSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { loadTestConfig } from "../config.ts";

/** The processes that a kill may hit: the columns of the kill matrix. */
export const COLUMNS = ["scheduler", "worker", "market", "command"] as const;
export type Column = (typeof COLUMNS)[number];

export type When = "before" | "after";

/** A move of a state table, as a process is about to write it or has just written it. */
export type Move = {
  /** What kind of thing moves: `task`, `vote`… */
  readonly of: string;
  /** Which one. */
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** The worker whose move it is, where it is a worker's. */
  readonly worker?: string;
};

/** One kill: the line that a crash point writes before it kills. */
export type Kill = Move & { readonly row: string; readonly when: When; readonly column: Column; readonly pid: number };

/** A process of the market under test; `address` is a worker's. */
export type Living = {
  readonly name: string;
  readonly column: Column;
  readonly pid: number;
  readonly address?: string;
};

/** Where the test and the crash points of its processes meet: files in one folder. */
type ChaosPaths = Readonly<Record<"armed" | "doomed" | "seen" | "kills" | "living", string>>;
export const chaosPaths = (folder: string): ChaosPaths => ({
  armed: join(folder, "armed"),
  doomed: join(folder, "doomed"),
  seen: join(folder, "seen"),
  kills: join(folder, "kills.jsonl"),
  living: join(folder, "living.json"),
});

export const rowOf = ({ of, from, to }: Pick<Move, "of" | "from" | "to">): string => `${of} ${from} > ${to}`;

export const armName = (row: string, when: When, column: Column): string =>
  `${encodeURIComponent(row)}@${when}@${column}`;

/** Tells the crash points of this process that it comes to a move; does not return when the move kills it. */
export type Reached = (when: When, move: Move) => void;

/** The crash points of a process. Each armed kill happens once, whichever process comes to it first. */
export function crashPoints(column: Column): Reached {
  const { chaos } = loadTestConfig();
  if (!chaos) throw new Error("a mortal process is told by GRIDMILL_CHAOS where its crash points are");
  const paths = chaosPaths(chaos.folder);
  // Others first: whoever kills itself cannot kill anybody after that.
  const columns = [...COLUMNS.filter((other) => other !== column), column];

  return (when, move) => {
    const row = rowOf(move);
    writeFileSync(join(paths.seen, encodeURIComponent(row)), "");
    for (const victims of columns) {
      const arm = join(paths.armed, armName(row, when, victims));
      if (!existsSync(arm)) continue;
      const pid = victims === column ? process.pid : victimIn(paths.living, chaos.folder, victims, move);
      if (pid === undefined || !mayKill(join(paths.doomed, `${pid}`), arm)) continue;
      const kill: Kill = { ...move, row, when, column: victims, pid };
      appendFileSync(paths.kills, `${JSON.stringify(kill)}\n`);
      process.kill(pid, "SIGKILL");
      return;
    }
  };
}

/** Of the worker whose move it is, else of anyone of the kind. */
function victimIn(livingFile: string, folder: string, column: Column, { worker }: Move): number | undefined {
  const living = (JSON.parse(readFileSync(livingFile, "utf8")) as Living[]).filter((one) => one.column === column);
  const ours = living.filter(({ pid }) => isOurs(pid, folder));
  return (ours.find(({ address }) => address === worker) ?? ours[0])?.pid;
}

/** A number may have passed to somebody else's process since it was written down. */
function isOurs(pid: number, folder: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").includes(folder);
  } catch {
    return false;
  }
}

/** Exactly one process takes an armed kill, and a process dies of one kill alone: another would pass unseen. */
function mayKill(doom: string, arm: string): boolean {
  if (!did(() => writeFileSync(doom, "", { flag: "wx" }))) return false;
  if (did(() => unlinkSync(arm))) return true;
  unlinkSync(doom);
  return false;
}

function did(step: () => void): boolean {
  try {
    step();
    return true;
  } catch {
    return false;
  }
}

/** Passes the crash points before and after a write. */
export async function passing<T>(reached: Reached, moves: readonly Move[], write: () => Promise<T>): Promise<T> {
  for (const move of moves) reached("before", move);
  const written = await write();
  for (const move of moves) reached("after", move);
  return written;
}
