import { isA, walk } from "../support/solidity-ast.ts";
import type { Node } from "../support/solidity-ast.ts";
import type { Mutant } from "./mutants.ts";
import { compile } from "../support/solc.ts";
import type { Compiled, Sources, Target } from "../support/solc.ts";
import type { Verdict, Workplace } from "./workplace.ts";

export type Judge = {
  /** Compiles everything as it is and runs all tests. @returns how many passed. @throws when one fails */
  begin(): Promise<number>;
  /** What does not compile, or to the same code, is no mutant. */
  judge(mutant: Mutant): Promise<Verdict | "not a mutant">;
};

/** @param trees of the targets and of all that they import */
export function createJudge(workplace: Workplace, targets: readonly Target[], trees: ReadonlyMap<string, Node>): Judge {
  const original = new Map<Target, Compiled>();
  const kills = new Map<string, number>();

  const inOrder = (mutant: Mutant, reached: readonly Target[]): readonly string[] => {
    const weightOf = (test: string): number =>
      10 * (kills.get(`${mutant.file} ${test}`) ?? 0) + (reached.some((target) => isAbout(test, target)) ? 1 : 0);
    return workplace.testFiles.toSorted((a, b) => weightOf(b) - weightOf(a));
  };

  return {
    async begin() {
      for (const target of targets) original.set(target, compile(target));
      for (const [target, compiled] of original) await workplace.install(target, compiled);
      const { killer, passed } = await workplace.run(workplace.testFiles);
      if (killer) throw new Error(`A test fails without any mutant: ${killer.title}\n${killer.message}`);
      return passed;
    },

    async judge(mutant) {
      const reached = targets.filter(({ file }) => reaches(trees, file, mutant.file));
      const mutated = compileAll(reached, new Map([[mutant.file, mutant.source]]));
      const changed = [...(mutated ?? [])].filter(([target, code]) => codeOf(code) !== codeOf(original.get(target)!));
      if (changed.length === 0) return "not a mutant";

      for (const [target, code] of changed) await workplace.install(target, code);
      const verdict = await workplace.run(inOrder(mutant, reached));
      for (const [target] of changed) await workplace.install(target, original.get(target)!);

      const key = `${mutant.file} ${verdict.killer?.file}`;
      kills.set(key, (kills.get(key) ?? 0) + 1);
      return verdict;
    },
  };
}

function compileAll(targets: readonly Target[], sources: Sources): ReadonlyMap<Target, Compiled> | undefined {
  try {
    return new Map(targets.map((target) => [target, compile(target, sources)]));
  } catch {
    return undefined;
  }
}

function codeOf({ evm }: Compiled): string {
  return evm.bytecode.object;
}

/** Test files are called after what they test: `hub-bonds` after `Hub`. */
function isAbout(test: string, { name }: Target): boolean {
  return test.startsWith(`test/contracts/${name.toLowerCase()}`);
}

function reaches(trees: ReadonlyMap<string, Node>, from: string, to: string, seen: Set<string> = new Set()): boolean {
  if (from === to) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  return importsOf(trees.get(from)!).some((file) => reaches(trees, file, to, seen));
}

function importsOf(tree: Node): readonly string[] {
  return [...walk(tree)].flatMap(([node]) => (isA(node, "ImportDirective") ? [node.absolutePath] : []));
}
