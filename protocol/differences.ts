import type { OutputFile } from "./digest.ts";

type FileFacts = Pick<OutputFile, "sha256" | "bytes">;

/** A file that is not the same in all of several runs; null for each run that has none of that name. */
export type Difference = { readonly path: string; readonly runs: readonly (FileFacts | null)[] };

/** The files in which the outputs of several runs of one task differ, in the order of their names. */
export function differencesOf(runs: readonly (readonly OutputFile[])[]): readonly Difference[] {
  const byPath = runs.map((files) => new Map(files.map((file) => [file.path, file])));
  const paths = new Set(runs.flatMap((files) => files.map(({ path }) => path)));
  return [...paths]
    .sort()
    .map((path) => ({ path, runs: byPath.map((files) => factsOf(files.get(path))) }))
    .filter(({ runs: [first, ...others] }) => others.some((other) => other?.sha256 !== first?.sha256));
}

function factsOf(file: OutputFile | undefined): FileFacts | null {
  return file ? { sha256: file.sha256, bytes: file.bytes } : null;
}
