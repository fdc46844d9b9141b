import { z } from "zod";

import { DealSchema } from "./deal.ts";
import { InputSchema } from "./params.ts";
import { HashSchema } from "./primitives.ts";

/** Where one lease may draw the line. All of it is enforced by the executor; reaching a limit is a votable failure. */
export const LimitsSchema = z.strictObject({
  /** Thousandths of a core. */
  cpuMillicores: z.int().positive(),
  memoryMiB: z.int().positive(),
  /** Size of the output volume. */
  diskMiB: z.int().positive(),
  /** Largest single output file. */
  fileMiB: z.int().positive(),
  pids: z.int().positive(),
  /** Standard output and standard error together; more ends the task with reason `log-size`. */
  logBytes: z.int().positive(),
  /** Time on the reference machine; how long a worker lets it run follows from its score (`time-limits.ts`). */
  seconds: z.int().positive(),
});
export type Limits = Readonly<z.output<typeof LimitsSchema>>;

/** An image, pinned: `reference` is `registry/name@sha256:…`. */
export const ImageReferenceSchema = z
  .string()
  .max(512)
  .regex(/^[a-z0-9][a-zA-Z0-9._:/-]*@sha256:[0-9a-f]{64}$/, "must be an image reference pinned by sha256 digest");

/** The right to run one task for one vote until `expiresAt` (Unix seconds), kept alive by heartbeats. */
export const LeaseSchema = z.strictObject({
  leaseId: z.uuid(),
  taskId: HashSchema,
  dealId: HashSchema,
  index: z.int().nonnegative(),
  /** The worker checks that it hashes to `dealId` and that the chain knows it as open. */
  deal: DealSchema,
  image: ImageReferenceSchema,
  args: z.array(z.string()),
  env: z.record(z.string(), z.string()),
  /** Fetched from the pool's blobs by their sha256. */
  inputs: z.array(InputSchema.omit({ url: true })),
  /** Of a deal with a dataset, fetched like an input; the worker checks that the chain has this sha256 for it. */
  dataset: InputSchema.pick({ sha256: true, bytes: true }).optional(),
  limits: LimitsSchema,
  expiresAt: z.int().positive(),
});
export type Lease = z.output<typeof LeaseSchema>;
