import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

import ts from "typescript";

import { GridmillError } from "../../protocol/errors.ts";

/** One class of error of the product, as it is thrown. */
export type ErrorClass = {
  readonly name: string;
  /** The file that defines it, relative to the repository. */
  readonly path: string;
  readonly code: string;
  readonly retryable: boolean;
};

/** One `new SomeError(…)` in the product. */
export type Thrown = { readonly path: string; readonly name: string; readonly hint: string | undefined };

const ROOT = join(import.meta.dirname, "../..");
const SOURCES = "{protocol,chain,market,scheduler,worker,sdk,cli,web,scripts}/**/*.{ts,tsx}";

/** The product's files with their texts. */
export function productTexts(): ReadonlyMap<string, string> {
  const paths = globSync(SOURCES, { cwd: ROOT }).sort();
  return new Map(paths.map((path) => [path, readFileSync(join(ROOT, path), "utf8")]));
}

/** Every class of the family that the product defines with a code of its own. */
export async function errorClasses(texts: ReadonlyMap<string, string>): Promise<readonly ErrorClass[]> {
  const paths = [...texts].filter(([, text]) => /readonly code = "GM_/.test(text)).map(([path]) => path);
  const found = paths.map(async (path) => {
    const module = (await import(join(ROOT, path))) as Record<string, unknown>;
    return Object.values(module).flatMap((value) => (isErrorClass(value) ? [classOf(value, path)] : []));
  });
  return (await Promise.all(found)).flat();
}

type Constructor = new (message: string) => GridmillError;

/** `RemoteError` has whatever code a service said. */
function isErrorClass(value: unknown): value is Constructor {
  if (typeof value !== "function" || !(value.prototype instanceof GridmillError)) return false;
  return value.name !== "RemoteError";
}

function classOf(Kind: Constructor, path: string): ErrorClass {
  const { code, retryable } = new Kind("");
  return { name: Kind.name, path, code, retryable };
}

/** Every place that makes an error, with what it tells people to do. */
export function errorsThrown(texts: ReadonlyMap<string, string>): readonly Thrown[] {
  const files = [...texts].map(([path, text]) => ({
    path,
    source: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true),
  }));
  const words = new Map(files.flatMap(({ source }) => [...constantsIn(source)]));
  return files.flatMap(({ path, source }) =>
    newErrors(source).map((made) => ({ path, name: made.expression.getText(), hint: hintOf(made, words) })),
  );
}

function newErrors(source: ts.SourceFile): readonly ts.NewExpression[] {
  const found: ts.NewExpression[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isNewExpression(node)) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Constants that hold a text, by name: hints that several places share. */
function constantsIn(source: ts.SourceFile): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const visit = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && node.initializer && ts.isStringLiteralLike(node.initializer))
      found.set(node.name.getText(), node.initializer.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** The hint as it is written, with the constants in it; undefined when none is given. */
function hintOf(made: ts.NewExpression, words: ReadonlyMap<string, string>): string | undefined {
  const objects = [...(made.arguments ?? [])].filter((each) => ts.isObjectLiteralExpression(each));
  const hint = objects.flatMap(({ properties }) => [...properties]).find((one) => one.name?.getText() === "hint");
  if (!hint) return undefined;
  const text = ts.isPropertyAssignment(hint) ? hint.initializer.getText() : hint.name!.getText();
  return text.replace(/\b[A-Za-z_]+\b/g, (word) => words.get(word) ?? word);
}
