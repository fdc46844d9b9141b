import { readFileSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

import type { Gap } from "./report.ts";

const Reasons = z.array(z.strictObject({ file: z.string(), text: z.string(), reason: z.string().min(20) }));

/** Why no test reaches a line, or an outcome of a condition on it. By its text, which does not move with what is above it. */
export type Reason = z.infer<typeof Reasons>[number];

/** @throws when the file is malformed */
export function readReasons(): readonly Reason[] {
  return Reasons.parse(JSON.parse(readFileSync(join(import.meta.dirname, "unreached.json"), "utf8")));
}

export function reasonOf(gap: Gap, reasons: readonly Reason[]): string | undefined {
  return reasons.find((reason) => explains(reason, gap))?.reason;
}

/** The entries that explain no gap there is: a test reaches their line after all, or it was changed. */
export function staleReasons(reasons: readonly Reason[], gaps: readonly Gap[]): readonly Reason[] {
  return reasons.filter((reason) => !gaps.some((gap) => explains(reason, gap)));
}

function explains(reason: Reason, gap: Gap): boolean {
  return reason.file === gap.file && reason.text === gap.text;
}
