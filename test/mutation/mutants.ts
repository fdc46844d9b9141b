import { createHash } from "node:crypto";
import { globSync } from "node:fs";
import { join } from "node:path";

import { isA, spanOf, walk } from "../support/solidity-ast.ts";
import type { Declaration, Node, Span } from "../support/solidity-ast.ts";
import { editsOf } from "./edits.ts";
import type { Edit } from "./edits.ts";

const ROOT = join(import.meta.dirname, "../..");

/** What moves money or state; not what authors of other contracts build on, nor what exists for tests. */
const MUTATED = "contracts/{*,libraries/*,types/*}.sol";

/** A source with one change. */
export type Mutant = {
  readonly file: string;
  readonly line: number;
  readonly kind: string;
  /** The lines that change, as they are and as they become, in one line. With `file` the mutant's name, whatever moves. */
  readonly before: string;
  readonly after: string;
  /** The whole source. */
  readonly source: string;
};

/** The files that are mutated, by path from the root. */
export function mutatedFiles(): readonly string[] {
  return globSync(MUTATED, { cwd: ROOT, exclude: ["**/*.t.sol"] }).sort();
}

/** Every mutant of a file, in the order of its text. */
export function mutantsOf(file: string, source: string, trees: ReadonlyMap<string, Node>): readonly Mutant[] {
  const bytes = Buffer.from(source);
  const textOf = (node: Span | Node): string => {
    const { start, end } = "src" in node ? spanOf(node) : node;
    return bytes.toString("utf8", start, end);
  };
  const groups = groupsIn(trees);
  const edits = [...walk(trees.get(file)!)].flatMap(([node, above]) =>
    editsOf(node, { above, textOf, groupOf: (declaration) => groups.get(declaration) ?? [] }),
  );
  const mutants = edits.sort((a, b) => a.start - b.start).map((edit) => mutantOf(file, bytes, edit));
  return [...new Map(mutants.map((mutant) => [nameOf(mutant), mutant])).values()];
}

/** As many as asked for, of all kinds alike as far as there are any. Which ones is up to `seed` and to their own text. */
export function* sampled(mutants: readonly Mutant[], seed: string): Generator<Mutant> {
  const rankOf = (mutant: Mutant): string =>
    createHash("sha256")
      .update(`${seed} ${nameOf(mutant)}`)
      .digest("hex");
  const ranked = mutants.map((mutant) => ({ mutant, rank: rankOf(mutant) })).sort((a, b) => (a.rank < b.rank ? -1 : 1));
  const kinds = [...Map.groupBy(ranked, ({ mutant }) => mutant.kind).values()];
  for (let place = 0; kinds.some((kind) => place < kind.length); ++place) {
    yield* kinds.flatMap((kind) => kind.slice(place, place + 1)).map(({ mutant }) => mutant);
  }
}

/** The same for the same change, wherever it moves in its file. */
export function nameOf({ file, before, after }: Pick<Mutant, "file" | "before" | "after">): string {
  return `${file}\n${before}\n${after}`;
}

/** Declarations that can take each other's place if their types agree, by the id of each. */
function groupsIn(trees: ReadonlyMap<string, Node>): ReadonlyMap<number, readonly Declaration[]> {
  const nodes = [...trees.values()].flatMap((tree) => [...walk(tree)].map(([node]) => node));
  const groups = nodes.flatMap((node) => {
    if (isA(node, "StructDefinition")) return [node.members];
    return isA(node, "FunctionDefinition") ? [node.parameters.parameters] : [];
  });
  return new Map(groups.flatMap((group) => group.map(({ id }) => [id, group] as const)));
}

function mutantOf(file: string, bytes: Buffer, { start, end, text, kind }: Edit): Mutant {
  const from = bytes.lastIndexOf("\n", start) + 1;
  const to = bytes.indexOf("\n", end);
  const [left, right] = [bytes.toString("utf8", 0, start), bytes.toString("utf8", end)];
  return {
    file,
    kind,
    line: left.split("\n").length,
    before: inOneLine(bytes.toString("utf8", from, to)),
    after: inOneLine(bytes.toString("utf8", from, start) + text + bytes.toString("utf8", end, to)),
    source: left + text + right,
  };
}

function inOneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
