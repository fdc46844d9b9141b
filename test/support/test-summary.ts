import { stripVTControlCharacters } from "node:util";

/** What one test run says about itself. A test that was left out counts as failed: it has shown nothing. */
export type Counts = { readonly passed: number; readonly failed: number };

/** How one kind of tests went. */
export type KindResult = Counts & { readonly kind: string; readonly seconds: number };

/** Mocha's closing lines, and those of Hardhat's Solidity runner: `  12 passing (3s)`, `1 failing`. */
const SUMMARY = /^\s*(\d+) (passing|failing|pending|skipped)(?: \([\d.]+ ?(?:ms|s|m|h)\))?$/;
/** Hardhat's line when it has run several runners, whose own lines it repeats the sum of. */
const SUM = /^(\d+) (passing|failing|skipped|todo) \(\d+ \w+(?:, \d+ \w+)*\)$/;

/** Reads the counts from what mocha or Hardhat has printed. */
export function countsIn(output: string): Counts {
  const lines = stripVTControlCharacters(output).split(/\r?\n/);
  const sums = matches(lines, SUM);
  const found = sums.length > 0 ? sums : matches(lines, SUMMARY);
  const countOf = (passing: boolean): number =>
    sum(found.filter(({ what }) => (what === "passing") === passing).map(({ count }) => count));
  return { passed: countOf(true), failed: countOf(false) };
}

/** The counts of a process; one that failed without a failing test has failed all the same. */
export function countsOf(output: string, exitCode: number | null): Counts {
  const counts = countsIn(output);
  return exitCode === 0 || counts.failed > 0 ? counts : { ...counts, failed: 1 };
}

/** The closing table, and the one line that continuous integration reads. `seconds`: of the whole run. */
export function closingLines(results: readonly KindResult[], seconds: number): readonly string[] {
  const row = (cells: readonly (string | number)[]): string =>
    cells.map((cell, column) => (column === 0 ? `${cell}`.padEnd(14) : `${cell}`.padStart(9))).join("");
  return [
    row(["kind", "seconds", "passed", "failed"]),
    ...results.map(({ kind, passed, failed, ...took }) => row([kind, took.seconds.toFixed(1), passed, failed])),
    row(["all", seconds.toFixed(1)]),
    `${sum(results.map(({ passed }) => passed))} passed, ${sum(results.map(({ failed }) => failed))} failed`,
  ];
}

type Found = { readonly count: number; readonly what: string };

function matches(lines: readonly string[], pattern: RegExp): readonly Found[] {
  return lines.flatMap((line) => {
    const match = pattern.exec(line);
    return match ? [{ count: Number(match[1]), what: match[2]! }] : [];
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
