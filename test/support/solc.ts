import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { Node } from "./solidity-ast.ts";

const ROOT = join(import.meta.dirname, "../..");

type Compiler = {
  compile(input: string, callbacks: { import(path: string): { contents: string } | { error: string } }): string;
};
type Problem = { readonly severity: string; readonly message: string };
type Output = {
  readonly errors?: readonly Problem[];
  readonly sources: Readonly<Record<string, { readonly ast: Node }>>;
  readonly contracts?: Readonly<Record<string, Readonly<Record<string, Compiled>>>>;
};

/** A contract as solc makes it; the code as hexadecimal digits. */
export type Compiled = {
  readonly abi: readonly unknown[];
  readonly evm: {
    readonly bytecode: { readonly object: string };
    readonly deployedBytecode: { readonly object: string };
  };
};

/** Where a contract lies, and its name. */
export type Target = { readonly file: string; readonly name: string };

/** Texts that stand in for those of files, by path from the root. */
export type Sources = ReadonlyMap<string, string>;

const texts = new Map<string, string>();

const solc = createRequire(import.meta.url)("solc") as Compiler;

const COMMON = { evmVersion: "cancun", metadata: { bytecodeHash: "none", appendCBOR: false } };

/**
 * From the quickest to the one that always works: code in which nothing is optimised but what keeps it off the depth of the
 * stack. Seconds instead of a minute.
 */
const SETTINGS = [
  { ...COMMON, viaIR: false, optimizer: { enabled: false } },
  {
    ...COMMON,
    viaIR: true,
    optimizer: { enabled: false, details: { yul: true, yulDetails: { stackAllocation: true, optimizerSteps: "u" } } },
  },
] as const;

/** The syntax trees of these sources, by path, and of all that they import. */
export function parse(sources: Sources): ReadonlyMap<string, Node> {
  const output = compileSources(sources, COMMON, { "*": { "": ["ast"] } });
  return new Map(Object.entries(output.sources).map(([file, { ast }]) => [file, ast]));
}

/** The sources of these files as they are. */
export function sourcesOf(files: readonly string[]): Sources {
  return new Map(files.map((file) => [file, textOf(file)]));
}

/**
 * The target as quickly as it compiles.
 * @param changed what differs from the files
 * @throws with solc's message when it does not compile
 */
export function compile({ file, name }: Target, changed: Sources = new Map()): Compiled {
  const sources = new Map([[file, textOf(file)], ...changed]);
  const wanted = { [file]: { [name]: ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } };
  let problem: unknown;
  for (const settings of SETTINGS) {
    try {
      return compileSources(sources, settings, wanted).contracts![file]![name]!;
    } catch (error) {
      if (!String(error).includes("Stack too deep")) throw error;
      problem = error;
    }
  }
  throw problem;
}

/** The text of a source of ours or of a package, as it was when it was first asked for: a run judges what it began with. */
export function textOf(file: string): string {
  const text = texts.get(file) ?? readFileSync(join(ROOT, file.startsWith("@") ? "node_modules" : "", file), "utf8");
  texts.set(file, text);
  return text;
}

function compileSources(sources: Sources, settings: object, outputSelection: object): Output {
  const input = {
    language: "Solidity",
    sources: Object.fromEntries([...sources].map(([file, content]) => [file, { content }])),
    settings: { ...settings, outputSelection },
  };
  const output = JSON.parse(
    solc.compile(JSON.stringify(input), { import: (file) => ({ contents: textOf(file) }) }),
  ) as Output;
  const error = output.errors?.find(({ severity }) => severity === "error");
  if (error) throw new Error(error.message);
  return output;
}
