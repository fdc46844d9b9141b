import type { Results } from "./results.ts";
import type { Estimate } from "./statistics.ts";

/** Points as a table of plain cells, one line each in a file; an estimate is two of them. */
type Packed = { readonly columns: readonly string[]; readonly rows: readonly (readonly unknown[])[] };

const OFF = " ±";

const isEstimate = (value: unknown): value is Estimate => typeof value === "object" && value !== null && "off" in value;

export function packed(points: readonly object[]): Packed {
  const cells = points.map((point) =>
    Object.entries(point).flatMap(([name, value]: [string, unknown]) =>
      isEstimate(value) ? [[name, value.mean] as const, [name + OFF, value.off] as const] : [[name, value] as const],
    ),
  );
  const columns = (cells[0] ?? []).map(([name]) => name);
  return { columns, rows: cells.map((row) => row.map(([, value]) => value)) };
}

/** What {@link packed} was made of. */
export function unpacked({ columns, rows }: Packed): readonly object[] {
  return rows.map((row) => {
    const cells = new Map(columns.map((name, i) => [name, row[i]]));
    const names = columns.filter((name) => !name.endsWith(OFF));
    return Object.fromEntries(
      names.map((name) => [
        name,
        cells.has(name + OFF) ? { mean: cells.get(name), off: cells.get(name + OFF) } : cells.get(name),
      ]),
    );
  });
}

/** The results as they are kept in a file. */
export function packedResults(results: Results): Readonly<Record<keyof Results, Packed>> {
  const entries = Object.entries(results).map(([name, points]) => [name, packed(points)] as const);
  return Object.fromEntries(entries) as Readonly<Record<keyof Results, Packed>>;
}

/** The results from what is kept in a file. */
export function unpackedResults(kept: Readonly<Record<keyof Results, Packed>>): Results {
  const names = [
    "worst",
    "byLieRate",
    "byRecord",
    "sleepers",
    "tuning",
    "graded",
    "closedForms",
  ] as const satisfies (keyof Results)[];
  return Object.fromEntries(names.map((name) => [name, unpacked(kept[name])])) as unknown as Results;
}
