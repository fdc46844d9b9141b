import type { Table } from "./tables.ts";

const MARKED = /<!-- table ([\w.-]+) -->\n[\s\S]*?<!-- end -->/g;

/** The page with its tables made anew: each stands between `<!-- table NAME -->` and `<!-- end -->`. */
export function withTables(page: string, tables: Readonly<Record<string, Table>>): string {
  return page.replaceAll(MARKED, (_old, name: string) => {
    const table = tables[name];
    if (!table) throw new RangeError(`the page wants a table ${name}, which there is not`);
    return `<!-- table ${name} -->\n\n${markdown(table)}\n\n<!-- end -->`;
  });
}

function markdown({ head, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_cell, i) => (i === 0 ? "---" : "--:"))), ...rows.map(line)].join("\n");
}
