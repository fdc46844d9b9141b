import { z } from "zod";

import { POOL_TASK_STATUSES } from "./pool-api.ts";
import { AddressSchema, HashSchema } from "./primitives.ts";

/** Why a task is where it is: the answer of `GET /tasks/:taskId/why`. Unknown fields are let through, for newer pools. */

/**
 * Why a worker gets no lease of a task, in the order in which a pool looks.
 *
 * - `voted`      it votes on this task already, or refused it, or failed at it for good
 * - `retry`      it failed at this task a while ago, and has to wait before it tries again
 * - `machine`    its machine has a vote of this task, or a better worker of its machine will have it
 * - `owner`      its owner has a vote of this task, or a better worker of its owner will have it
 * - `accepting`  its owner lends it to nobody now
 * - `out`        it missed ten leases in a row, and sits out a day
 * - `quarantine` its vote differed, or it refuses far more than it delivers: it gets no lease for a time
 * - `probation`  it has as many leases as a worker may that has still to prove itself, beside others that have
 * - `slots`      it has as many leases as it takes
 * - `bond`       what is free of its bond does not cover the stake of a vote
 * - `platform`   it runs images of another platform
 * - `speed`      its machine is too slow to keep any deadline, or its score is missing or no machine's
 * - `spare`      its machine is smaller than one that was out of time or memory at this task
 * - `resources`  it offers less of something than the deal requires
 * - `room`       its other leases leave too little of something
 * - `app`        the pool does not know the task's app yet, and compares it on workers that it trusts
 */
export const PLACEMENT_CLAUSES = [
  "voted",
  "retry",
  "machine",
  "owner",
  "accepting",
  "out",
  "quarantine",
  "probation",
  "slots",
  "bond",
  "platform",
  "speed",
  "spare",
  "resources",
  "room",
  "app",
] as const;
export type PlacementClause = (typeof PLACEMENT_CLAUSES)[number];

/**
 * What is to be expected of a task.
 *
 * - `over`     it is settled, refunded or past its deadline
 * - `waiting`  workers have nothing to do with it now: its deal is being checked, or its votes agree
 * - `leased`   as many votes as it wants are given or on their way
 * - `next`     workers that can take it are free
 * - `busy`     enough workers could serve it and cannot now: waiting helps
 * - `never`    the workers that are connected can never serve it, however long one waits
 */
export const PLACEMENT_OUTLOOKS = ["over", "waiting", "leased", "next", "busy", "never"] as const;
export type PlacementOutlook = (typeof PLACEMENT_OUTLOOKS)[number];

/** The figure that is an amount in wei. */
export const FREE_BOND = "free bond";

/** One thing that a clause compares. Amounts are decimal strings, {@link FREE_BOND} in wei; the rest are words. */
const FigureSchema = z.object({ of: z.string(), wanted: z.string(), offered: z.string() });
export type PlacementFigure = Readonly<z.output<typeof FigureSchema>>;

const ExclusionSchema = z.object({
  clause: z.enum(PLACEMENT_CLAUSES),
  reason: z.string(),
  /** Whether it may end without anybody doing anything. */
  passes: z.boolean(),
  figures: z.array(FigureSchema).readonly(),
});

/** `value` 0 to 1, the more the better; the score is the mean of all values by their weights. */
const TermSchema = z.object({ term: z.string(), value: z.number(), weight: z.number() });

const NeedSchema = z.object({
  /** What a worker would have to have, or how many there would have to be. */
  what: z.string(),
  wanted: z.string().nullable(),
  /** The best of what those have that lack it. */
  best: z.string().nullable(),
  /** How many of the workers that could still vote on it meet this, of how many. */
  met: z.int(),
  of: z.int(),
  passes: z.boolean(),
});
export type PlacementNeed = Readonly<z.output<typeof NeedSchema>>;

export const TaskWhySchema = z.object({
  taskId: HashSchema,
  dealId: HashSchema,
  status: z.enum(POOL_TASK_STATUSES),
  outlook: z.enum(PLACEMENT_OUTLOOKS),
  /** The same in a sentence. */
  says: z.string(),
  /** Votes that are given or on their way, and how many leases are wanted besides. */
  votes: z.object({ out: z.int(), wanted: z.int() }),
  /** Every connected worker while the task wants votes: first those that may be leased it, best first, then the others. */
  workers: z.array(
    z.object({
      worker: AddressSchema,
      /** Null for a worker that is excluded. */
      score: z.object({ total: z.number(), terms: z.array(TermSchema).readonly() }).nullable(),
      /** Every clause that excludes it; the first is the one that the pool counts. */
      excluded: z.array(ExclusionSchema).readonly(),
    }),
  ),
  /** What would be needed, when there are not enough workers that can take it now. */
  needed: z.array(NeedSchema).readonly(),
});
export type TaskWhy = z.output<typeof TaskWhySchema>;
