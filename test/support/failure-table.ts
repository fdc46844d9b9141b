import { formatMill } from "../../protocol/amounts.ts";

import type { Row } from "./e2e-case.ts";
import type { Ended } from "./e2e-ended.ts";

/** Rows of one kind, under the heading they have in docs/failures.md. */
export type Section = { readonly title: string; readonly rows: readonly Row[] };

/** How a row went: seconds until it was told, and what it cost the requester, in wei. */
export type Went = { readonly seconds: number; readonly cost: bigint };

/** The table that a run prints: what was told, how soon, and the books afterwards. */
export function printedTable(sections: readonly Section[], went: ReadonlyMap<Row, Went>): string {
  const lines = sections.flatMap(({ rows }) =>
    rows.flatMap((row) => {
      const how = went.get(row);
      if (!how) return [];
      const books = how.cost === 0n ? "balanced" : `balanced, ${formatMill(how.cost)} MILL paid`;
      return [[row.name, toldBy(row.ends), exitOf(row.ends), how.seconds.toFixed(1), `${row.within}`, books]];
    }),
  );
  return aligned([["row", "told", "exit", "seconds", "at most", "books"], ...lines]);
}

/** The sections as docs/failures.md has them. */
export function documentedTable(sections: readonly Section[]): string {
  return sections
    .map(({ title, rows }) => {
      const lines = rows.map((row) => `| ${row.name} | ${toldBy(row.ends)} | ${exitOf(row.ends)} | ${row.within} |`);
      return [`## ${title}`, "", "| what | told | exit | seconds |", "|---|---|--:|--:|", ...lines].join("\n");
    })
    .join("\n\n");
}

const toldBy = ({ code, task }: Ended): string => (code === undefined ? task! : `\`${code}\``);
const exitOf = ({ exit }: Ended): string => (exit === undefined ? "-" : `${exit}`);

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_cell, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
