import { differencesOf } from "../../../protocol/differences.ts";
import { isOutputPath, parseManifest } from "../../../protocol/digest.ts";

/** So many files are named, and so much of each name shown. */
const MOST_NAMED = 8;
const LONGEST = 100;

/**
 * In what answers to one task differ, for people: names of output files, and how the app ended.
 * @param texts what the digests are the hashes of: manifests, or failures
 */
export function differingParts(texts: readonly string[]): readonly string[] {
  const outputs = texts.map((text) => parseManifest(text));
  const files = differencesOf(outputs.flatMap((output) => (output ? [output.files] : [])));
  const ends = new Set(outputs.map((output, place) => output?.exitCode ?? texts[place]));
  const named = files.slice(0, MOST_NAMED).map(({ path }) => shown(path));
  const more = files.length > MOST_NAMED ? [`${files.length - MOST_NAMED} more`] : [];
  return [...named, ...more, ...(ends.size > 1 ? ["how it ended"] : [])];
}

/** Workers are strangers, and so are the names in what they show. */
function shown(path: string): string {
  if (!isOutputPath(path)) return "a file without a good name";
  const plain = path.replaceAll(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, "?");
  return plain.length > LONGEST ? `${plain.slice(0, LONGEST)}…` : plain;
}
