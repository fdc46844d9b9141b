import { readFileSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

import { nameOf } from "./mutants.ts";
import type { Mutant } from "./mutants.ts";

const Survivors = z.array(
  z.strictObject({ file: z.string(), before: z.string(), after: z.string(), reason: z.string().min(20) }),
);

/** A mutant that no test can tell from the contract, and why. */
export type Survivor = z.infer<typeof Survivors>[number];

/** @throws when the file is malformed */
export function readSurvivors(): readonly Survivor[] {
  return Survivors.parse(JSON.parse(readFileSync(join(import.meta.dirname, "survivors.json"), "utf8")));
}

/** The entries that explain no mutant there is: their line was changed, or is gone. */
export function staleSurvivors(survivors: readonly Survivor[], mutants: readonly Mutant[]): readonly Survivor[] {
  const names = new Set(mutants.map(nameOf));
  return survivors.filter((survivor) => !names.has(nameOf(survivor)));
}
