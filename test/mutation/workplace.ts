import { fork } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { CONTRACTS, renderAbi } from "../../scripts/export-abi.ts";
import { copyOfTree } from "../support/tree-copy.ts";
import type { Compiled, Target } from "../support/solc.ts";

/** What the contract tests import from. Copied, so that code may be replaced there and edited here meanwhile. */
const COPIED = ["bench", "chain", "protocol", "scripts", "snapshots", "test", "package.json"];

/** Tests of how well the contracts compile, which says nothing of code that is not optimised, and of mutation itself. */
const LEFT_OUT = ["artifacts", "gas", "mutation"].map((name) => `test/contracts/${name}.test.ts`);

const RUN_TIMEOUT = 300_000;

/** The first test that failed, or `undefined` where none did. */
export type Verdict = { readonly killer?: Killer; readonly passed: number };
export type Killer = { readonly title: string; readonly file: string; readonly message: string };

/** A copy of this tree with code of its own under the same tests. */
export interface Workplace extends AsyncDisposable {
  /** The tests that judge mutants. */
  readonly testFiles: readonly string[];
  /** Puts the code where the tests find it. */
  install(target: Target, compiled: Compiled): Promise<void>;
  /**
   * Runs these test files, in this order, until one test fails. A run that hangs has failed, too.
   * @throws when the run ends without a verdict
   */
  run(files: readonly string[]): Promise<Verdict>;
}

export async function openWorkplace(): Promise<Workplace> {
  const dir = await copyOfTree(COPIED);
  const at = (...parts: readonly string[]): string => join(dir.path, ...parts);
  await cp(join(import.meta.dirname, "hardhat.config.ts"), at("hardhat.config.ts"));
  const testFiles = globSync("test/contracts/*.test.ts", { cwd: dir.path }).sort();
  return {
    testFiles: testFiles.filter((file) => !LEFT_OUT.includes(file)),
    install: (target, compiled) => install(at, target, compiled),
    run: (files) => run(at, files),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

type At = (...parts: readonly string[]) => string;

async function install(at: At, { file, name }: Target, { abi, evm }: Compiled): Promise<void> {
  const bytecode = `0x${evm.bytecode.object}`;
  const artifact = {
    ...{ _format: "hh3-artifact-1", contractName: name, sourceName: file, inputSourceName: `project/${file}` },
    ...{ abi, bytecode, deployedBytecode: `0x${evm.deployedBytecode.object}` },
    ...{ linkReferences: {}, deployedLinkReferences: {}, immutableReferences: {} },
  };
  await mkdir(at("artifacts", file), { recursive: true });
  await writeFile(at("artifacts", file, `${name}.json`), JSON.stringify(artifact));
  const exported = CONTRACTS[name as keyof typeof CONTRACTS] as string | undefined;
  if (exported !== undefined) await writeFile(at("chain/abi", `${exported}.ts`), renderAbi(name, abi, bytecode));
}

async function run(at: At, files: readonly string[]): Promise<Verdict> {
  const child = fork(at("test/mutation/first-failure.ts"), files, {
    ...{ cwd: at(), stdio: ["ignore", "ignore", "pipe", "ipc"], timeout: RUN_TIMEOUT, killSignal: "SIGKILL" },
  });
  const [said, verdicts]: [string[], Verdict[]] = [[], []];
  child.stderr!.setEncoding("utf8").on("data", (text: string) => said.push(text));
  child.on("message", (verdict: Verdict) => verdicts.push(verdict));
  const [, signal] = (await once(child, "close")) as [number | null, string | null];
  if (signal !== null) return { killer: { title: "the run hung", file: files[0]!, message: signal }, passed: 0 };
  const [verdict] = verdicts;
  if (!verdict) throw new Error(`The tests ended without a verdict:\n${said.join("")}`);
  return verdict;
}
