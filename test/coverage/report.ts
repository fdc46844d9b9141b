import Table from "cli-table3";

import type { Sources } from "../support/solc.ts";
import { isLibrary, libraryOf } from "./branches.ts";
import type { Condition } from "./branches.ts";
import type { Lines } from "./lcov.ts";

/** In percent; both must be exceeded. */
const WANTED = { lines: 95, outcomes: 90 };

const NONE: Lines = new Map();

type Counts = { readonly met: number; readonly all: number };

type Row = { readonly file: string; readonly lines: Counts; readonly outcomes: Counts };

/** A line that no test executes, or one with a condition that never has one of its outcomes. */
export type Gap = {
  readonly file: string;
  readonly line: number;
  /** The line itself. */
  readonly text: string;
  readonly what: readonly string[];
};

export type Figures = { readonly rows: readonly Row[]; readonly total: Row; readonly gaps: readonly Gap[] };

/**
 * What was executed, by file, and what was not.
 * @throws when a source with conditions is missing from what was measured
 */
export function figuresOf(
  executed: ReadonlyMap<string, Lines>,
  conditions: readonly Condition[],
  sources: Sources,
): Figures {
  const measured = [...executed].filter(([file]) => !isLibrary(file)).sort(([a], [b]) => (a < b ? -1 : 1));
  const missing = conditions.find(({ file }) => !executed.has(file) || !executed.has(libraryOf(file)));
  if (missing) throw new Error(`${missing.file} was not measured`);
  const parts = measured.map(([file, lines]) => {
    const own = conditions.filter((condition) => condition.file === file);
    return partOf(file, lines, own, executed.get(libraryOf(file)) ?? NONE, sources.get(file)!.split("\n"));
  });
  const rows = parts.map(({ row }) => row);
  const total = {
    file: "all",
    lines: sumOf(rows.map(({ lines }) => lines)),
    outcomes: sumOf(rows.map(({ outcomes }) => outcomes)),
  };
  return { rows, total, gaps: parts.flatMap(({ gaps }) => gaps) };
}

/** Whether as much is executed as has to be. */
export function isEnough({ total }: Figures): boolean {
  return percentOf(total.lines) > WANTED.lines && percentOf(total.outcomes) > WANTED.outcomes;
}

/** The table by file. */
export function tableOf({ rows, total }: Figures): string {
  const table = new Table({
    head: ["", "lines", "", "outcomes", ""],
    colAligns: ["left", "right", "right", "right", "right"],
    style: { head: [], border: [] },
  });
  for (const row of [...rows, total]) table.push([...cellsOf(row)]);
  return table.toString();
}

/** File, lines and their share, outcomes of conditions and their share. */
export function cellsOf({ file, lines, outcomes }: Row): readonly string[] {
  const [ofLines, ofOutcomes] = [lines, outcomes].map((counts) => `${percentOf(counts).toFixed(1)} %`) as [
    string,
    string,
  ];
  return [file, `${lines.met} of ${lines.all}`, ofLines, `${outcomes.met} of ${outcomes.all}`, ofOutcomes];
}

function partOf(
  file: string,
  lines: Lines,
  conditions: readonly Condition[],
  library: Lines,
  source: readonly string[],
): { readonly row: Row; readonly gaps: readonly Gap[] } {
  const outcomes = conditions.flatMap(({ line, text, whenTrue, whenFalse }) => [
    { line, what: `never true: ${text}`, isMet: library.get(whenTrue) ?? false },
    { line, what: `never false: ${text}`, isMet: library.get(whenFalse) ?? false },
  ]);
  const missed = [...[...lines].map(([line, isMet]) => ({ line, what: "not executed", isMet })), ...outcomes].filter(
    ({ isMet }) => !isMet,
  );
  const gaps = [...Map.groupBy(missed, ({ line }) => line)]
    .sort(([a], [b]) => a - b)
    .map(([line, all]) => ({ file, line, text: source[line - 1]!.trim(), what: all.map(({ what }) => what) }));
  return {
    row: { file, lines: countOf([...lines.values()]), outcomes: countOf(outcomes.map(({ isMet }) => isMet)) },
    gaps,
  };
}

function countOf(values: readonly boolean[]): Counts {
  return { met: values.filter((value) => value).length, all: values.length };
}

function sumOf(counts: readonly Counts[]): Counts {
  return counts.reduce((sum, { met, all }) => ({ met: sum.met + met, all: sum.all + all }), { met: 0, all: 0 });
}

function percentOf({ met, all }: Counts): number {
  return all === 0 ? 100 : (100 * met) / all;
}
