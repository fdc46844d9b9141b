import { z } from "zod";

import { DeploymentSchema } from "../protocol/deployment.ts";

/** A chain with a Gridmill on it, and the order book that serves it. */
export const NetworkSchema = z.strictObject({
  chainId: z.int().positive(),
  /** JSON-RPC endpoints; when one fails the next is asked. */
  rpcUrls: z.array(z.url({ protocol: /^https?$/ })).min(1),
  marketUrl: z.url({ protocol: /^https?$/ }),
  /** Blocks below the head that are treated as not yet final. */
  confirmations: z.int().min(0).max(1_000),
  deployment: DeploymentSchema,
});
export type Network = z.output<typeof NetworkSchema>;
