/**
 * `npm run test:mutation`: changes one token of the contracts at a time and sees whether a contract test fails. `--sample N`
 * says how many, `--seed S` which, `--files TEXT` of which files, `--only N` the one with that number alone. Exits 1 when fewer
 * than 95 % are killed, or when survivors.json explains what is not so.
 */
import { globSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";

import { z } from "zod";

import { CONTRACTS } from "../../scripts/export-abi.ts";
import { Count } from "../support/count.ts";
import { parse, sourcesOf, textOf } from "../support/solc.ts";
import type { Target } from "../support/solc.ts";
import { createJudge } from "./judge.ts";
import type { Judge } from "./judge.ts";
import { mutantsOf, mutatedFiles, nameOf, sampled } from "./mutants.ts";
import { conclusionOf, textOf as textOfRow } from "./report.ts";
import type { Row } from "./report.ts";
import { readSurvivors, staleSurvivors } from "./survivors.ts";
import { openWorkplace } from "./workplace.ts";

const ROOT = join(import.meta.dirname, "../..");

const text = { type: "string" } as const;
const Asked = z.object({
  sample: Count.prefault("100"),
  seed: z.string().default("gridmill"),
  files: z.string().default(""),
  only: Count.optional(),
});
const asked = Asked.parse(parseArgs({ options: { sample: text, seed: text, files: text, only: text } }).values);

const targets = deployedByTests();
const trees = parse(sourcesOf([...mutatedFiles(), ...targets.map(({ file }) => file)]));
const mutants = mutatedFiles().flatMap((file) => mutantsOf(file, textOf(file), trees));
const survivors = readSurvivors();

const stale = staleSurvivors(survivors, mutants);
for (const { file, before } of stale) console.error(`survivors.json explains what is not there: ${file}: ${before}`);
process.exitCode = stale.length === 0 && (await judgeAll()) ? 0 : 1;

function deployedByTests(): readonly Target[] {
  const others = globSync("contracts/{mocks,dapp}/*.sol", { cwd: ROOT, exclude: ["**/*.t.sol"] }).sort();
  const files = [...Object.keys(CONTRACTS).map((name) => `contracts/${name}.sol`), ...others];
  return files.map((file) => ({ file, name: basename(file, ".sol") }));
}

async function judgeAll(): Promise<boolean> {
  await using workplace = await openWorkplace();
  const judge = createJudge(workplace, targets, trees);
  console.log(`${mutants.length} mutants; ${await judge.begin()} tests pass without any`);
  const rows: Row[] = [];
  for await (const row of rowsOf(judge)) {
    console.log(textOfRow(row, asked.only !== undefined));
    if (rows.push(row) === asked.sample) break;
  }
  const { lines, isGood } = conclusionOf(rows);
  console.log(lines.join("\n"));
  return isGood;
}

async function* rowsOf(judge: Judge): AsyncGenerator<Row> {
  const explained = new Set(survivors.map(nameOf));
  const candidates = mutants.filter(({ file }) => file.includes(asked.files));
  for (const [place, mutant] of [...sampled(candidates, asked.seed)].entries()) {
    if (asked.only !== undefined && asked.only !== place + 1) continue;
    const began = performance.now();
    const judgement = await judge.judge(mutant);
    if (judgement === "not a mutant") continue;
    const seconds = (performance.now() - began) / 1000;
    yield { number: place + 1, mutant, killer: judgement.killer, explained: explained.has(nameOf(mutant)), seconds };
  }
}
