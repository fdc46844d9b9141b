import { globSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join, posix } from "node:path";

import ts from "typescript";

/** What the walls are about in one TypeScript file. Paths are relative to the repository, with `/`. */
export type SourceFacts = {
  readonly path: string;
  /** Our own files that it imports, exports from, or loads with `import()` or `require()`; types too. */
  readonly files: readonly string[];
  /** npm packages, by their names alone. */
  readonly packages: readonly string[];
  /** Parts of Node, without `node:`. */
  readonly builtins: readonly string[];
  /** Relative imports as written. */
  readonly relative: readonly string[];
  /** `import(x)` where x is not a literal, so that nobody can tell what it loads. */
  readonly blindImports: number;
  /** What it may take from the globals; see {@link globalIn} for how it is written. */
  readonly globals: ReadonlySet<string>;
};

const ROOT = join(import.meta.dirname, "../..");

/** Every TypeScript file of the given top-level folders. */
export function sourceFactsOf(rooms: readonly string[]): readonly SourceFacts[] {
  const paths = globSync(`{${rooms.join(",")}}/**/*.{ts,tsx}`, { cwd: ROOT }).sort();
  return paths.map((path) => factsIn(path, readFileSync(join(ROOT, path), "utf8")));
}

/** The facts of one file's text. */
export function factsIn(path: string, text: string): SourceFacts {
  const specifiers: string[] = [];
  const globals = new Set<string>();
  let blindImports = 0;
  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node);
    if (specifier === "blind") blindImports++;
    else if (specifier) specifiers.push(specifier.text);
    const used = globalIn(node);
    if (used) globals.add(used);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest));
  return { path, blindImports, globals, ...sorted(path, specifiers) };
}

type Specifier = ts.StringLiteralLike | "blind" | undefined;

function specifierOf(node: ts.Node): Specifier {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return literal(node.moduleSpecifier);
  if (ts.isImportTypeNode(node))
    return ts.isLiteralTypeNode(node.argument) ? literal(node.argument.literal) : undefined;
  return ts.isCallExpression(node) ? calledSpecifier(node) : undefined;
}

function calledSpecifier({ expression, arguments: [first] }: ts.CallExpression): Specifier {
  if (expression.kind === ts.SyntaxKind.ImportKeyword) return literal(first) ?? "blind";
  return nameOf(expression) === "require" ? literal(first) : undefined;
}

function literal(node: ts.Node | undefined): ts.StringLiteralLike | undefined {
  return node && ts.isStringLiteralLike(node) ? node : undefined;
}

/** `a.b` and `a["b"]` as "a.b", a call `a()` as "a", `new A()` as "new A()" and with arguments as "new A(...)". */
function globalIn(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) return joined(nameOf(node.expression), node.name.text);
  if (ts.isElementAccessExpression(node))
    return joined(nameOf(node.expression), literal(node.argumentExpression)?.text);
  if (ts.isCallExpression(node)) return nameOf(node.expression);
  if (ts.isNewExpression(node)) return `new ${nameOf(node.expression)}(${node.arguments?.length ? "..." : ""})`;
  return undefined;
}

function nameOf(node: ts.Node): string | undefined {
  return ts.isIdentifier(node) ? node.text : undefined;
}

function joined(object: string | undefined, member: string | undefined): string | undefined {
  return object && member ? `${object}.${member}` : undefined;
}

function sorted(
  path: string,
  specifiers: readonly string[],
): Pick<SourceFacts, "files" | "packages" | "builtins" | "relative"> {
  const relative = specifiers.filter((name) => name.startsWith("."));
  const others = specifiers.filter((name) => !name.startsWith(".")).map((name) => name.replace(/^node:/, ""));
  const isBuiltin = (name: string): boolean => builtinModules.includes(name.split("/")[0]!);
  return {
    relative,
    files: relative.map((name) => posix.join(posix.dirname(path), name)),
    builtins: others.filter(isBuiltin),
    packages: others.filter((name) => !isBuiltin(name)).map(packageOf),
  };
}

function packageOf(specifier: string): string {
  const parts = specifier.split("/");
  return parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}
