import { posix } from "node:path";

import { isA, spanOf, walk } from "../support/solidity-ast.ts";
import type { Node, Nodes, Span } from "../support/solidity-ast.ts";

/** Where the generated libraries lie, in the tree that is measured: one for each source, and named like it. */
const LIBRARIES = "contracts/branches/";
const LIBRARY = "Branches";

/** Lines of a library before its first function, and of each function. */
const HEAD = ["// SPDX-License-Identifier: Apache-2.0", "pragma solidity 0.8.28;", `library ${LIBRARY} {`];
const FUNCTION_LINES = 4;

/** A condition and its place. Each has two outcomes, and each of those a line of the source's library. */
export type Condition = {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  readonly whenTrue: number;
  readonly whenFalse: number;
};

export type Counted = {
  readonly source: string;
  readonly library: string;
  readonly conditions: readonly Condition[];
};

/**
 * A source whose every condition goes through a function of its library, on its own line: which lines of the library were
 * executed says which outcomes there were. What is joined by `&&` and `||` is counted one by one.
 */
export function withBranches(file: string, source: string, tree: Node): Counted {
  const bytes = Buffer.from(source);
  const spans = spansOf(tree);
  const conditions = spans.map(({ start, end }, place) => {
    const first = HEAD.length + 1 + place * FUNCTION_LINES;
    const line = bytes.toString("utf8", 0, start).split("\n").length;
    const text = bytes.toString("utf8", start, end).replace(/\s+/g, " ");
    return { file, line, text, whenTrue: first + 1, whenFalse: first + 3 };
  });
  const path = posix.relative(posix.dirname(file), libraryOf(file));
  const imported = `import {${LIBRARY}} from "${path.startsWith(".") ? path : `./${path}`}";`;
  const changed = wrapped(bytes, spans).replace(/^pragma solidity [^;]+;/m, `$& ${imported}`);
  return { source: changed, library: libraryWith(conditions.length), conditions };
}

/** The library of a source. */
export function libraryOf(file: string): string {
  return file.replace(/^contracts\//, LIBRARIES);
}

export function isLibrary(file: string): boolean {
  return file.startsWith(LIBRARIES);
}

function libraryWith(count: number): string {
  const functions = Array.from({ length: count }, (_, place) => [
    `function c${place}(bool value) internal pure returns (bool) { if (value) {`,
    "return true;",
    "} else {",
    "return false; } }",
  ]);
  return [...HEAD, ...functions.flat(), "}", ""].join("\n");
}

/** From the end, so that what is changed moves nothing that is still to be changed; conditions may lie in one another. */
function wrapped(bytes: Buffer, spans: readonly Span[]): string {
  const edits = spans.flatMap(({ start, end }, place) => [
    { at: start, text: `${LIBRARY}.c${place}(`, depth: place },
    { at: end, text: ")", depth: -place },
  ]);
  let changed = bytes;
  for (const { at, text } of edits.sort((a, b) => b.at - a.at || b.depth - a.depth)) {
    changed = Buffer.concat([changed.subarray(0, at), Buffer.from(text), changed.subarray(at)]);
  }
  return changed.toString();
}

/** Where the conditions lie, each once. */
function spansOf(tree: Node): readonly Span[] {
  const conditions = [...walk(tree)].flatMap(([node]) => conditionsOf(node));
  const spans = new Map(conditions.map((node) => [node.id, spanOf(node)]));
  return [...spans.values()].sort((a, b) => a.start - b.start);
}

/** Assembly has no functions of Solidity: what it decides is not counted, and docs/coverage.md says so. */
function conditionsOf(node: Node): readonly Node[] {
  if (node.nodeType.startsWith("Yul")) return [];
  if (isLogic(node)) return partsOf(node);
  const { condition } = node as { condition?: Node | null };
  return condition ? partsOf(condition) : [];
}

/** What is joined, without what joins it. */
function partsOf(node: Node): readonly Node[] {
  if (isLogic(node)) return [...partsOf(node.leftExpression), ...partsOf(node.rightExpression)];
  return isA(node, "TupleExpression") && isLogic(node.components[0]) ? partsOf(node.components[0]) : [node];
}

function isLogic(node: Node | null | undefined): node is Nodes["BinaryOperation"] {
  return !!node && isA(node, "BinaryOperation") && ["&&", "||"].includes(node.operator);
}
