import { z } from "zod";

import { FAIL_REASONS } from "../../protocol/digest.ts";
import { LeaseSchema } from "../../protocol/lease.ts";
import { HashSchema, HexSchema, Sha256Schema, smallUintSchema, uintSchema } from "../../protocol/primitives.ts";

/**
 * What a worker must not forget: everything here is on disk before anything about it leaves
 * the machine, so that a worker that comes back resumes, and never votes twice.
 */

/** A lease that was accepted and has no result yet: after a restart it is run again. */
export const LeaseRecordSchema = z.strictObject({ lease: LeaseSchema, acceptedAt: z.int() });
export type LeaseRecord = z.output<typeof LeaseRecordSchema>;

/**
 * Where a vote stands.
 *
 * - `computed`  has a digest; may enter ballots
 * - `agreed`    its task is settled for this digest
 * - `differed`  its task is settled for another digest
 * - `closed`    its task was declined, claimed, or can no longer be settled; or the vote was given up
 */
const VoteStandingSchema = z.enum(["computed", "agreed", "differed", "closed"]);

/** This worker's only answer to one task. Its digest never changes; the manifest is the first entry of the result blob. */
export const VoteRecordSchema = z.strictObject({
  taskId: HashSchema,
  dealId: HashSchema,
  index: z.int().nonnegative(),
  pool: uintSchema(256),
  lane: smallUintSchema(8),
  /** Wei that the vote puts at risk. */
  stake: uintSchema(128),
  /** Unix second after which no epoch may be sealed with this vote. */
  deadline: z.int(),
  digest: HashSchema,
  /** The result blob; a votable failure has none. */
  result: z.strictObject({ path: z.string(), sha256: Sha256Schema, bytes: z.int().nonnegative() }).optional(),
  failed: z.enum(FAIL_REASONS).optional(),
  /** The leases that this vote answers; none once the pool has dropped them all. */
  leaseIds: z.array(z.uuid()),
  computedAt: z.int(),
  standing: VoteStandingSchema,
  /** Set while the chain keeps the vote: since when (Unix seconds), and its seal where it was not opened. */
  kept: z.strictObject({ at: z.int(), seal: HashSchema.optional() }).optional(),
  /** Unix second at which it was shown before it stood in a ballot; it stands in none any more. */
  givenUpAt: z.int().optional(),
  /** Unix second at which it left `computed`. */
  finishedAt: z.int().optional(),
});
export type VoteRecord = z.output<typeof VoteRecordSchema>;

/**
 * The last ballot signed for one epoch of one lane. `ended` is set once the chain shows that it can no longer cost
 * anything: until then its stake counts as at risk.
 */
export const BallotRecordSchema = z.strictObject({
  pool: uintSchema(256),
  lane: smallUintSchema(8),
  epoch: z.int().positive(),
  sealBy: z.int(),
  secret: HashSchema,
  votesHash: HashSchema,
  signature: HexSchema,
  /** In task order. */
  votes: z.array(z.strictObject({ taskId: HashSchema, seal: HashSchema, stake: uintSchema(128) })).min(1),
  /** As the pool claims them; the chain decides. */
  leaves: z.array(HashSchema).optional(),
  opened: z.boolean(),
  ended: z.enum(["settled", "abandoned", "expired", "left-out"]).optional(),
});
export type BallotRecord = z.output<typeof BallotRecordSchema>;

/** Records of one kind by their key. Reading is from memory; a change returns once the disk has it. */
export interface Shelf<T> {
  all(): readonly T[];
  get(key: string): T | undefined;
  /**
   * Replaces the record by what `step` makes of it; changes of one shelf happen one after another. `undefined` removes it,
   * the same object writes nothing.
   * @returns the record as it now stands
   */
  change(key: string, step: (record: T | undefined) => T | undefined): Promise<T | undefined>;
}

export type Journal = {
  /** By lease id. */
  readonly leases: Shelf<LeaseRecord>;
  /** By task id. */
  readonly votes: Shelf<VoteRecord>;
  /** By {@link epochKey}. */
  readonly ballots: Shelf<BallotRecord>;
  /** Takes no more changes; those that were asked for before must have ended. */
  readonly close: () => void;
};

/** Names one epoch of one lane of one pool. */
export type EpochName = { readonly pool: bigint; readonly lane: number; readonly epoch: number };

export function epochKey({ pool, lane, epoch }: EpochName): string {
  return `${pool}-${lane}-${epoch}`;
}
