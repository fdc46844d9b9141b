import type { Scenario } from "./crowd.ts";
import type { Outcome } from "./outcome.ts";
import type { Setting } from "./settings.ts";

/** A mean, and by how much it may be off on either side with 95 % confidence. */
export type Estimate = { readonly mean: number; readonly off: number };

/** What a setting did with a scenario, by task. */
export type Measured = {
  readonly executions: Estimate;
  /** Share of accepted answers that are wrong. */
  readonly error: Estimate;
  /** Share of tasks without any answer. */
  readonly undecided: number;
};

/** Student's t for 95 %, by degrees of freedom. */
const T95 = [Number.NaN, 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];
export const SEEDS = [1, 2, 3, 4, 5];

/** Runs a setting once for each seed: others lie in each. */
export function measure({ run }: Setting, scenario: Scenario): Measured {
  const outcomes = SEEDS.map((seed) => run(scenario, seed));
  const estimateOf = (value: (outcome: Outcome) => number): Estimate => estimate(outcomes.map(value));
  return {
    executions: estimateOf(({ executions, tasks }) => executions / tasks),
    error: estimateOf(({ wrong, tasks, undecided = 0 }) => wrong / (tasks - undecided)),
    undecided: estimateOf(({ undecided = 0, tasks }) => undecided / tasks).mean,
  };
}

export function estimate(values: readonly number[]): Estimate {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean: rounded(mean), off: rounded(T95[values.length - 1]! * Math.sqrt(variance / values.length)) };
}

const rounded = (value: number): number => Number(value.toPrecision(4));
