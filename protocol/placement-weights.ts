import { z } from "zod";

/** What a requester may weigh when its pool chooses among workers; docs/placement.md has the formula of each. */
export const CRITERIA = ["price", "speed", "trust", "reliability", "energy"] as const;
export type Criterion = (typeof CRITERIA)[number];

const weight = z.int().min(0).max(100).optional();

/** How much each criterion counts beside the others; one that is not named counts nothing. */
export const WeightsSchema = z
  .strictObject({ price: weight, speed: weight, trust: weight, reliability: weight, energy: weight })
  .refine((weights) => CRITERIA.some((criterion) => (weights[criterion] ?? 0) > 0), "must weigh something");
export type Weights = Readonly<z.output<typeof WeightsSchema>>;
