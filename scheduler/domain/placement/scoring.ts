import { unpackResources } from "../../../protocol/capabilities.ts";
import type { Criterion, Weights } from "../../../protocol/placement-weights.ts";
import { FASTEST_SCORE, REFERENCE_SCORE } from "../../../protocol/time-limits.ts";
import type { Candidate, Demand } from "./placement.ts";
import type { TaskRecord } from "../tasks/task-state.ts";

/** How good a worker is for a task, from 0 to 1: the mean of some terms by their weights. */
export type Score = { readonly total: number; readonly terms: readonly Term[] };

/** `value` from 0 to 1, the more the better. */
type Term = { readonly term: TermName; readonly value: number; readonly weight: number };
type TermName = "idle" | Criterion;

/**
 * Where the requester weighs nothing: idle workers first, then the reliable, the fast, the known. Each term counts three times
 * as much as the next.
 */
const OWN_WEIGHTS: Weights & { readonly idle: number } = { idle: 27, reliability: 9, speed: 3, trust: 1 };

/** What is not known, or the same for all, speaks neither for a worker nor against it. */
const NEUTRAL = 0.5;
/** Watts for each core of the reference machine that are neither much nor little. */
const TYPICAL_WATTS = 10;

/** A worker's score for a task: where the requester weighs something, by that alone. */
export function scoreOf(task: TaskRecord, { weights = OWN_WEIGHTS }: Demand, candidate: Candidate): Score {
  const values = valuesOf(task, candidate);
  const terms = (Object.keys(values) as TermName[]).flatMap((term) => {
    const weight = (weights as Partial<Record<TermName, number>>)[term] ?? 0;
    return weight > 0 ? [{ term, value: values[term], weight }] : [];
  });
  const sum = terms.reduce((total, { weight }) => total + weight, 0);
  return { total: terms.reduce((total, { value, weight }) => total + value * weight, 0) / sum, terms };
}

/**
 * - `idle`         share of its slots that are free; from the store
 * - `price`        1/2: a deal pays every worker of its pool alike, so that the price was decided at the match
 * - `reliability`  see `reputation.ts`: the share of its leases in this pool that ended well, from the store; a newcomer has 1
 * - `speed`        its score by 4000, at most 1, as its agent states it or its tasks show it: the reference machine has 1/4
 * - `trust`        `log2(w) / log2(maxWeight)`, w its weight in consensus, from its score on chain: votes multiply
 * - `energy`       see {@link energyOf}
 */
function valuesOf(task: TaskRecord, candidate: Candidate): Readonly<Record<TermName, number>> {
  const { busy, slots, reliability, speed, weight } = candidate;
  return {
    idle: 1 - busy.length / slots,
    price: NEUTRAL,
    reliability,
    speed: Math.min(speed / FASTEST_SCORE, 1),
    trust: Math.log2(Number(weight)) / Math.log2(task.terms.maxWeight),
    energy: energyOf(candidate),
  };
}

/**
 * `1 / (1 + x / 10)`, x the watts that it draws for as much work as a core of the reference machine does: its watts, as
 * its owner says, by its cores and their score. With 10 of them it has 1/2, as one of which nothing is known.
 */
function energyOf({ watts, capabilities }: Candidate): number {
  const { cpuMillicores, benchmark } = unpackResources(capabilities);
  const cores = (cpuMillicores / 1_000) * (benchmark / REFERENCE_SCORE);
  return watts === undefined || cores === 0 ? NEUTRAL : 1 / (1 + watts / cores / TYPICAL_WATTS);
}
