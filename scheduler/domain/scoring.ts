import { unpackResources } from "../../protocol/capabilities.ts";
import { FASTEST_SCORE } from "../../protocol/time-limits.ts";
import type { Candidate } from "./placement.ts";
import type { TaskRecord } from "./task-state.ts";

/** How good a worker is for a task, from 0 to 1: the mean of some terms by their weights. */
export type Score = { readonly total: number; readonly terms: readonly Term[] };

/** `value` from 0 to 1, the more the better. */
type Term = { readonly term: TermName; readonly value: number; readonly weight: number };
type TermName = "idle" | "reliability" | "speed" | "trust";

/** Idle workers first, then the reliable, the fast, the known: each term counts three times as much as the next. */
const WEIGHTS: Readonly<Record<TermName, number>> = { idle: 27, reliability: 9, speed: 3, trust: 1 };

/** A worker's score for a task. */
export function scoreOf(task: TaskRecord, candidate: Candidate): Score {
  const values = valuesOf(task, candidate);
  const terms = (Object.keys(WEIGHTS) as TermName[]).map((term) => ({
    term,
    value: values[term],
    weight: WEIGHTS[term],
  }));
  const sum = terms.reduce((total, { weight }) => total + weight, 0);
  return { total: terms.reduce((total, { value, weight }) => total + (value * weight) / sum, 0), terms };
}

/**
 * - `idle`         share of its slots that are free
 * - `reliability`  share of its leases in this pool that ended well, one more of them taken for good: a newcomer has 1
 * - `speed`        `benchmark / 4000`, its machine's score as its agent measured it, at most 1; the reference machine has 1/4
 * - `trust`        `log2(w) / log2(maxWeight)`, w its weight in consensus by its score on chain: votes multiply
 */
function valuesOf(task: TaskRecord, candidate: Candidate): Readonly<Record<TermName, number>> {
  const { busy, slots, reliability, capabilities, weight } = candidate;
  return {
    idle: 1 - busy.length / slots,
    reliability,
    speed: Math.min(unpackResources(capabilities).benchmark / FASTEST_SCORE, 1),
    trust: Math.log2(Number(weight)) / Math.log2(task.terms.maxWeight),
  };
}
