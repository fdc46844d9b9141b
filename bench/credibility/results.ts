import { byLieRate, byRecord, closedForms, graded, grid, sleepers, tuning } from "./experiments.ts";
import { worstOf } from "./frontier.ts";

/** All numbers of this bench. */
export type Results = {
  readonly worst: ReturnType<typeof worstOf>;
  readonly byLieRate: ReturnType<typeof byLieRate>;
  readonly byRecord: ReturnType<typeof byRecord>;
  readonly sleepers: ReturnType<typeof sleepers>;
  readonly tuning: ReturnType<typeof tuning>;
  readonly graded: ReturnType<typeof graded>;
  readonly closedForms: ReturnType<typeof closedForms>;
};

export function simulateAll(): Results {
  return {
    closedForms: closedForms(),
    worst: worstOf(grid()),
    byLieRate: byLieRate(),
    byRecord: byRecord(),
    sleepers: sleepers(),
    tuning: tuning(),
    graded: graded(),
  };
}
