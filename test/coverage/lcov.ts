/** The lines of a file that can be executed, and whether any test did. */
export type Lines = ReadonlyMap<number, boolean>;

/** What several reports in lcov's format say together, by file: a line was executed when one of them says so. */
export function mergeReports(reports: readonly string[]): ReadonlyMap<string, Lines> {
  const files = new Map<string, Map<number, boolean>>();
  for (const [file, line, executed] of reports.flatMap((report) => [...recordsOf(report)])) {
    const lines = files.get(file) ?? new Map<number, boolean>();
    files.set(file, lines.set(line, executed || (lines.get(line) ?? false)));
  }
  return files;
}

function* recordsOf(report: string): Generator<readonly [file: string, line: number, executed: boolean]> {
  let file = "";
  for (const record of report.split("\n")) {
    const [key, value = ""] = record.split(":", 2) as [string, string?];
    if (key === "SF") file = value;
    const [line, count] = value.split(",").map(Number);
    if (key === "DA") yield [file, line!, count! > 0];
  }
}
