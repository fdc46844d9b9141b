import { z } from "zod";

import { AddressSchema } from "./primitives.ts";

/** Where the contracts of one Gridmill live on one chain. */
export const DeploymentSchema = z.strictObject({
  chainId: z.int().positive(),
  /** Block in which the first contract was created: event watchers start here. */
  block: z.int().nonnegative(),
  contracts: z.strictObject({
    token: AddressSchema,
    escrow: AddressSchema,
    appRegistry: AddressSchema,
    datasetRegistry: AddressSchema,
    poolRegistry: AddressSchema,
    marketplace: AddressSchema,
    hub: AddressSchema,
  }),
});
export type Deployment = z.output<typeof DeploymentSchema>;
