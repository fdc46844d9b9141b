import { z } from "zod";

import { STAGES } from "./messages.ts";
import { AddressSchema, HashSchema, Sha256Schema, smallUintSchema, uintSchema } from "./primitives.ts";

/** Answers of a pool's gateway over HTTP. Times are Unix seconds. Unknown fields are let through, for newer pools. */
const seconds = smallUintSchema(40);

/** Where a task stands in its pool; the state tables of the scheduler say which follows which. */
export const POOL_TASK_STATUSES = [
  "open",
  "planned",
  "running",
  "agreed",
  "sealed",
  "settled",
  "declined",
  "expired",
  "claimed",
] as const;

export type PoolTaskStatus = (typeof POOL_TASK_STATUSES)[number];

const POOL_VOTE_STATUSES = [
  "leased",
  "running",
  "computed",
  "balloted",
  "opened",
  "kept",
  "agree",
  "differ",
  "withheld",
  "lost",
  "refused",
  "failed",
] as const;

/** Answer of `GET /tasks/:taskId`: public, and without anything that would tell a digest early. */
export const PoolTaskSchema = z.object({
  taskId: HashSchema,
  dealId: HashSchema,
  index: z.int(),
  status: z.enum(POOL_TASK_STATUSES),
  deadline: seconds,
  votes: z.array(
    z.object({
      worker: AddressSchema,
      status: z.enum(POOL_VOTE_STATUSES),
      at: seconds,
      stage: z.enum(STAGES).optional(),
      percent: z.number().optional(),
      code: z.string().optional(),
    }),
  ),
  /** Null until the task is settled. */
  digest: HashSchema.nullable(),
  /** SHA-256 of the result blob that `GET /tasks/:taskId/result` gives to requester and beneficiary. */
  result: Sha256Schema.nullable(),
  /** Why no worker gets a lease now, when none does. */
  waitingFor: z.string().nullable(),
  history: z.array(z.object({ at: seconds, status: z.enum(POOL_TASK_STATUSES), note: z.string() })),
});
export type PoolTask = z.output<typeof PoolTaskSchema>;

/** Answer of `GET /deals/:dealId`: how far the pool is with a deal. */
export const PoolDealSchema = z.object({
  dealId: HashSchema,
  stage: z.enum(["seen", "entered", "waiting", "declined", "closed"]),
  note: z.string().nullable(),
  tasks: z.array(z.object({ taskId: HashSchema, index: z.int(), status: z.enum(POOL_TASK_STATUSES) })),
});
export type PoolDeal = z.output<typeof PoolDealSchema>;

const ConnectedWorkerSchema = z.object({
  worker: AddressSchema,
  agent: z.string(),
  slots: z.int(),
  busy: z.int(),
  accepting: z.boolean(),
});

/** Answer of `GET /pool`. */
export const PoolInfoSchema = z.object({
  pool: uintSchema(256),
  chainId: z.int(),
  hub: AddressSchema,
  operator: AddressSchema,
  /** Why the pool gives no work out, when it does not. */
  hold: z.object({ code: z.string(), message: z.string() }).nullable().default(null),
  lanes: z.int(),
  confirmations: z.int(),
  workers: z.array(ConnectedWorkerSchema.extend({ capabilities: HashSchema })),
  /** How many tasks stand in each status. */
  tasks: z.record(z.string(), z.int()),
  /** Of votes with a stake at risk, how many stand in each status. Absent at older pools, like the next. */
  votes: z.record(z.string(), z.int()).default({}),
  /** Whether it takes nothing new, and finishes what was begun. */
  draining: z.boolean().default(false),
  epochs: z.array(
    z.object({ lane: z.int(), epoch: z.int(), state: z.string(), tasks: z.int(), note: z.string().nullable() }),
  ),
});
export type PoolInfo = z.output<typeof PoolInfoSchema>;

/** Answer of `GET /pool/workers`: those that are connected. */
export const PoolWorkersSchema = z.object({
  workers: z.array(
    ConnectedWorkerSchema.extend({
      /** Whose it is, where that is proven; absent at older pools. */
      owner: AddressSchema.nullable().default(null),
      /** Votes of it that are not over, and what it has at stake with them, in wei. */
      votes: z.int(),
      atRisk: uintSchema(256),
      /** How far the pool trusts it, and until when a penalty lasts, if it has one. */
      grade: z.enum(["probation", "trusted", "quarantined", "out"]),
      until: seconds.nullable(),
      /** Score of its machine as its agent states it, and as its tasks show it where that is far below. */
      speed: z.object({ stated: z.int(), shown: z.int() }),
      /** How its leases ended in this pool, each counted by half for every week that has passed since. */
      outcomes: z.object({
        success: z.number(),
        late: z.number(),
        refused: z.number(),
        disagreed: z.number(),
        /** Share of them that ended well, as placement takes it: 0 to 1, and 1 for a newcomer. */
        reliability: z.number(),
      }),
    }),
  ),
});
export type PoolWorkers = z.output<typeof PoolWorkersSchema>;

/** Answer of `GET /pool/tasks`. */
export const PoolTasksSchema = z.object({
  tasks: z.array(
    z.object({
      taskId: HashSchema,
      dealId: HashSchema,
      index: z.int(),
      lane: z.int(),
      status: z.enum(POOL_TASK_STATUSES),
      deadline: seconds,
      /** How many votes stand in each status. */
      votes: z.record(z.string(), z.int()),
      waitingFor: z.string().nullable(),
    }),
  ),
});
export type PoolTasks = z.output<typeof PoolTasksSchema>;

/** Answer of `GET /pool/epochs`: the last epoch of each lane that had one. */
export const PoolEpochsSchema = z.object({
  epochs: z.array(
    z.object({
      lane: z.int(),
      epoch: z.int(),
      state: z.string(),
      tasks: z.int(),
      /** Workers asked for a ballot, ballots that came, and how many of these are opened. */
      asked: z.int(),
      ballots: z.int(),
      opened: z.int(),
      /** When it came into its state. */
      since: seconds.nullable(),
      note: z.string().nullable(),
    }),
  ),
});
export type PoolEpochs = z.output<typeof PoolEpochsSchema>;

/** An event of the chain that the pool could not take in, or a note of a reorganisation. */
export const QuarantinedSchema = z.object({
  id: z.string(),
  /** Its name in the contracts; `Reorganised` for a note. */
  event: z.string(),
  block: z.int(),
  /** Null for a note, like the next two. */
  transaction: HashSchema.nullable(),
  /** What it is about, as far as the event says. */
  deal: HashSchema.nullable(),
  task: HashSchema.nullable(),
  /** How it failed last. */
  code: z.string(),
  message: z.string(),
  /** When it was first put aside, and when it failed last. */
  since: seconds,
  at: seconds,
  /** How often it was put aside. */
  times: z.int(),
});
export type QuarantinedEvent = z.output<typeof QuarantinedSchema>;

/** Answer of `GET /pool/quarantine`: the oldest first. */
export const PoolQuarantineSchema = z.object({ entries: z.array(QuarantinedSchema) });
export type PoolQuarantine = z.output<typeof PoolQuarantineSchema>;

/** What a pool thinks of an app: whether its answers repeat, which tasks have shown. */
export const PoolAppSchema = z.object({
  /** Of its image, which is what the pool knows it by. */
  digest: Sha256Schema,
  image: z.string(),
  /** The registry's id under which a deal last named it. */
  app: uintSchema(256),
  standing: z.enum(["probation", "known", "refused"]),
  since: seconds,
  /** When its refusal ends, over which task, and which of its output files differed, as far as that is known. */
  until: seconds.nullable(),
  task: HashSchema.nullable(),
  files: z.array(z.string()),
});
export type PoolApp = z.output<typeof PoolAppSchema>;

/** Answer of `GET /pool/apps`: the last that moved first. */
export const PoolAppsSchema = z.object({ apps: z.array(PoolAppSchema) });
export type PoolApps = z.output<typeof PoolAppsSchema>;

/** Body and answer of `PUT /pool/drain`. */
export const DrainSchema = z.object({ draining: z.boolean() });

/** Answer of `PUT /blobs/:sha256`. */
export const BlobAnswerSchema = z.object({ sha256: Sha256Schema, bytes: z.int() });
