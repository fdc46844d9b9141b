import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { arch, cpus } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { z } from "zod";

import { BenchmarkError } from "../errors.ts";
import { writeFileDurably } from "../../chain/node/durable-file.ts";
import { machineName } from "../machine.ts";
import type { Rates } from "./measure.ts";
import { BENCHMARK_VERSION, scoreOf } from "./score.ts";

const rate = z.number().positive();
const RatesSchema = z.strictObject({ integer: rate, float: rate, memory: rate, compress: rate });

/** What a score holds for: it is measured again when any of this changes. */
const SubjectSchema = z.strictObject({
  version: z.int(),
  machine: z.string(),
  processor: z.string(),
  /** Compiles three of the four parts. */
  node: z.string(),
});
type Subject = z.output<typeof SubjectSchema>;

const KeptSchema = z.strictObject({ ...SubjectSchema.shape, score: z.int().positive(), rates: RatesSchema });

/** How fast one core of a machine is; the reference machine has 1000. */
type MachineScore = { readonly score: number; readonly rates: Rates };

const PROGRAM = join(import.meta.dirname, "program.ts");
const PATIENCE_MS = 120_000;

/**
 * This machine's score as it was kept in `file`, or measured now, in about two seconds, and kept there.
 * @throws BenchmarkError
 */
export async function machineScore(
  file: string,
  measure: () => Promise<Rates> = measureMachine,
): Promise<MachineScore> {
  const subject = await thisMachine();
  const kept = await readKept(file, subject);
  if (kept) return kept;
  const rates = await measure();
  const measured = { score: scoreOf(rates), rates };
  await writeFileDurably(file, `${JSON.stringify({ ...subject, ...measured }, undefined, 2)}\n`);
  return measured;
}

/**
 * Measures now, in about two seconds.
 * @throws BenchmarkError when the benchmark does not end well: it has then computed something wrong, or was killed
 */
export async function measureMachine(): Promise<Rates> {
  try {
    const options = { env: {}, timeout: PATIENCE_MS };
    const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM], options);
    return RatesSchema.parse(JSON.parse(stdout));
  } catch (cause) {
    throw new BenchmarkError("This machine could not be measured: its benchmark did not end well", {
      cause,
      hint: "Start it again; a machine that computes wrong again and again must not vote",
    });
  }
}

async function thisMachine(): Promise<Subject> {
  const processor = `${cpus()[0]?.model ?? "unknown"} ${arch()}`;
  return { version: BENCHMARK_VERSION, machine: await machineName(), processor, node: process.version };
}

/** Undefined when there is none, it is no score, or it is of something else: it is then written anew. */
async function readKept(file: string, subject: Subject): Promise<MachineScore | undefined> {
  const text = await readFile(file, "utf8").catch(() => "null");
  const kept = KeptSchema.safeParse(parseJson(text));
  if (!kept.success) return undefined;
  const isSame = Object.entries(subject).every(([key, value]) => kept.data[key as keyof Subject] === value);
  return isSame ? { score: kept.data.score, rates: kept.data.rates } : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
