import { LEFT_OUT } from "./left-out.ts";
import { reasonOf } from "./reasons.ts";
import type { Reason } from "./reasons.ts";
import { cellsOf } from "./report.ts";
import type { Figures } from "./report.ts";

const BEGIN = "<!-- measured: npm run coverage:contracts -- --write -->";
const END = "<!-- end of measured -->";

/** Of which contracts the figures are: the last commit that changed them, and whether files differ from it. */
export type Stamp = { readonly date: string; readonly commit: string; readonly changed: boolean };

/** @returns the page with these figures in place of those that it had */
export function renewed(page: string, figures: Figures, reasons: readonly Reason[], stamp: Stamp): string {
  const [before, rest = ""] = page.split(BEGIN) as [string, string?];
  const [, after] = rest.split(END);
  if (after === undefined) throw new Error("The page has no place for figures");
  return [before, BEGIN, "\n\n", measured(figures, reasons, stamp).join("\n"), "\n\n", END, after].join("");
}

function measured(figures: Figures, reasons: readonly Reason[], stamp: Stamp): readonly string[] {
  const { date, commit, changed } = stamp;
  const gaps = figures.gaps.map((gap) => [
    `${gap.file}:${gap.line}`,
    gap.what.map(codeIn).join("; "),
    reasonOf(gap, reasons) ?? "none given",
  ]);
  return [
    `Measured ${date}, of the contracts of commit ${commit}${changed ? " with changes" : ""}.`,
    "",
    ...tableOf(["contracts/", "lines", "", "outcomes", ""], [...figures.rows, figures.total].map(cellsOf)),
    "",
    "Not reached:",
    "",
    ...(gaps.length > 0 ? tableOf(["line", "what", "reason"], gaps) : ["nothing"]),
    "",
    "Tests left out of the measurement:",
    "",
    ...tableOf(
      ["tests", "reason"],
      LEFT_OUT.map(({ what, reason }) => [what, reason]),
    ),
  ];
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const rowOf = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [rowOf(head), `|${"---|".repeat(head.length)}`, ...rows.map(rowOf)];
}

/** `never true: a < b`, with the condition set as code. */
function codeIn(what: string): string {
  return what.replace(/: (.*)$/, ": `$1`");
}
