import type { Scenario } from "./crowd.ts";

/** What a policy has done with the tasks of a scenario. */
export type Outcome = {
  /** Tasks that were run by somebody, counting every time, and spot checks. */
  readonly executions: number;
  /** Tasks whose accepted answer is wrong. */
  readonly wrong: number;
  readonly tasks: number;
  /** Tasks that got no answer at all: their requester is refunded. */
  readonly undecided?: number;
};

/** A way to decide who runs a task, and which answer is accepted. The same seed gives the same outcome. */
export type Policy = (scenario: Scenario, seed: number) => Outcome;
