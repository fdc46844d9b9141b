import { REFERENCE_SCORE } from "../../protocol/time-limits.ts";
import type { Rates } from "./measure.ts";
import { PARTS } from "./workloads.ts";
import type { Part } from "./workloads.ts";

/**
 * Raised when the work, the way it is measured or the reference changes: scores of two versions must not be compared, and
 * each machine is measured anew.
 */
export const BENCHMARK_VERSION = 1;

/** What the reference machine does; see docs/decisions/0007. */
const REFERENCE: Rates = { integer: 0.99, float: 1.38, memory: 1.03, compress: 0.98 };

/** The score of each part by itself; the reference machine has 1000 in all of them. */
export function partScores(rates: Rates): Readonly<Record<Part, number>> {
  const scores = PARTS.map((part) => [part, Math.round((REFERENCE_SCORE * rates[part]) / REFERENCE[part])]);
  return Object.fromEntries(scores) as Record<Part, number>;
}

/** The geometric mean of what the parts are worth beside the reference machine, which has 1000; at least 1. */
export function scoreOf(rates: Rates): number {
  const logarithms = PARTS.map((part) => Math.log(rates[part] / REFERENCE[part]));
  const mean = Math.exp(logarithms.reduce((sum, each) => sum + each, 0) / PARTS.length);
  return Math.max(1, Math.round(REFERENCE_SCORE * mean));
}
