import type { Mutant } from "./mutants.ts";
import type { Killer } from "./workplace.ts";

const WANTED_PERCENT = 95;

/** What became of a mutant. */
export type Row = {
  /** Its place in the order that the seed gives. */
  readonly number: number;
  readonly mutant: Mutant;
  /** Nobody has one when every test passed. */
  readonly killer: Killer | undefined;
  /** By survivors.json. */
  readonly explained: boolean;
  readonly seconds: number;
};

/** One line of the table; of a mutant that survived, or that was asked for alone, the change as well. */
export function textOf(row: Row, isAlone: boolean): string {
  const { number, mutant, killer, seconds } = row;
  const columns = [
    String(number).padStart(4),
    `${mutant.file.slice("contracts/".length)}:${mutant.line}`.padEnd(30),
    mutant.kind.padEnd(10),
    fateOf(row).padEnd(9),
    `${seconds.toFixed(1)} s`.padStart(7),
    killer?.title ?? "",
  ];
  const change = killer && !isAlone ? [] : [`      - ${mutant.before}`, `      + ${mutant.after}`];
  return [columns.join("  "), ...change].join("\n");
}

/** The closing lines, and whether all is well. Explained mutants count for nothing, unless a test kills one. */
export function conclusionOf(rows: readonly Row[]): { readonly lines: readonly string[]; readonly isGood: boolean } {
  const counted = rows.filter(({ explained }) => !explained);
  const killed = counted.filter(({ killer }) => killer).length;
  const percent = (100 * killed) / Math.max(counted.length, 1);
  const wrong = rows.filter(({ explained, killer }) => explained && killer);
  return {
    lines: [
      ...wrong.map(({ mutant }) => `survivors.json explains what a test kills: ${mutant.file}: ${mutant.before}`),
      `${killed} of ${counted.length} killed (${percent.toFixed(1)} %)`,
    ],
    isGood: percent >= WANTED_PERCENT && wrong.length === 0,
  };
}

function fateOf({ killer, explained }: Row): string {
  if (killer) return "killed";
  return explained ? "explained" : "SURVIVED";
}
