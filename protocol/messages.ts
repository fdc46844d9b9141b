import { z } from "zod";

import { BALLOT_SIGNATURE_LENGTH } from "./ballot.ts";
import { MAX_TASKS_PER_EPOCH, MIB } from "./constants.ts";
import { LeaseSchema } from "./lease.ts";
import { OwnerClaimSchema } from "./ownership.ts";
import { HashSchema, HexSchema, Sha256Schema, smallUintSchema, uintSchema } from "./primitives.ts";

/**
 * What worker and scheduler say to each other over `WS /worker`. Each message is one JSON
 * text; both sides parse what arrives with these schemas and drop the connection on what does not fit.
 */
export const PROTOCOL_VERSION = 1;
/** Most bytes of one message. */
export const MAX_MESSAGE_BYTES = MIB;
/** Most bytes of a manifest that a worker shows: as JSON it is at most twice as long. */
export const MAX_SHOWN_BYTES = 400 * 1_024;

const code = z.string().regex(/^GM_[A-Z_]{1,64}$/);
const leaseId = z.uuid();
const taskId = HashSchema;
const secondsSchema = smallUintSchema(40);

/** Names one epoch of one lane. */
const epochFields = { pool: uintSchema(256), lane: smallUintSchema(8), epoch: z.int().positive() };

export const STAGES = ["fetching", "running", "collecting"] as const;
export type Stage = (typeof STAGES)[number];

const hello = z.strictObject({
  type: z.literal("hello"),
  protocol: z.literal(PROTOCOL_VERSION),
  /** Name and version of the agent, such as `gridmill/0.1.0`. */
  agent: z.string().max(128),
  /** What the owner offers in all, packed as in `capabilities.ts`. */
  capabilities: HashSchema,
  /** Image platform, such as `linux/amd64`. */
  platform: z.string().max(64),
  /** Most leases at a time. */
  slots: z.int().min(1).max(256),
  /** Same for all workers on one machine; stays so over restarts. */
  machine: HashSchema,
  /** Whose this worker is, if it says so; absent is an owner of this worker alone. */
  owner: OwnerClaimSchema.optional(),
  /** What the machine draws while it computes with all that it offers, in watts, as its owner says. */
  watts: z.int().min(1).max(1_000_000).optional(),
  /** Leases that this worker still works on, or whose vote it still holds. */
  leases: z.array(leaseId).max(4_096),
});

const heartbeat = z.strictObject({
  type: z.literal("heartbeat"),
  /** Leases in progress; the scheduler extends exactly these. */
  leases: z.array(leaseId).max(4_096),
  /** One-minute load average of the machine. */
  load: z.number().nonnegative(),
  /** False while the owner needs the machine: no new leases, please. */
  accepting: z.boolean(),
});

const accept = z.strictObject({ type: z.literal("accept"), leaseId });
const refuse = z.strictObject({ type: z.literal("refuse"), leaseId, code, message: z.string().max(1_024) });
const progress = z.strictObject({
  type: z.literal("progress"),
  leaseId,
  stage: z.enum(STAGES),
  percent: z.number().min(0).max(100).optional(),
});
const log = z.strictObject({ type: z.literal("log"), leaseId, text: z.string().max(65_536) });
const computed = z.strictObject({ type: z.literal("computed"), leaseId, taskId, tag: HashSchema });
const ballot = z.strictObject({
  type: z.literal("ballot"),
  ...epochFields,
  sealBy: secondsSchema,
  /** In task order. */
  votes: z
    .array(z.strictObject({ taskId, seal: HashSchema }))
    .min(1)
    .max(MAX_TASKS_PER_EPOCH),
  /** EIP-2098: 64 bytes. */
  signature: HexSchema.refine((hex) => hex.length === BALLOT_SIGNATURE_LENGTH, "must be 64 bytes"),
});
const ballotRefused = z.strictObject({
  type: z.literal("ballot-refused"),
  ...epochFields,
  code,
  message: z.string().max(1_024),
});
const open = z.strictObject({
  type: z.literal("open"),
  ...epochFields,
  secret: HashSchema,
  digests: z
    .array(z.strictObject({ taskId, digest: HashSchema }))
    .min(1)
    .max(MAX_TASKS_PER_EPOCH),
});
const uploaded = z.strictObject({
  type: z.literal("uploaded"),
  taskId,
  sha256: Sha256Schema,
  bytes: z.int().nonnegative(),
});
const uploadFailed = z.strictObject({ type: z.literal("upload-failed"), taskId, code, message: z.string().max(1_024) });
/** What the digest of its vote is the hash of: the manifest of its output, or the text of its failure. */
const manifest = z.strictObject({ type: z.literal("manifest"), taskId, text: z.string().max(MAX_SHOWN_BYTES) });
const manifestRefused = z.strictObject({
  type: z.literal("manifest-refused"),
  taskId,
  code,
  message: z.string().max(1_024),
});

export const WorkerMessageSchema = z.discriminatedUnion("type", [
  hello,
  heartbeat,
  accept,
  refuse,
  progress,
  log,
  computed,
  ballot,
  ballotRefused,
  open,
  uploaded,
  uploadFailed,
  manifest,
  manifestRefused,
]);
/** What a worker says. */
export type WorkerMessage = z.output<typeof WorkerMessageSchema>;

const welcome = z.strictObject({
  type: z.literal("welcome"),
  protocol: z.literal(PROTOCOL_VERSION),
  pool: uintSchema(256),
  chainId: uintSchema(256),
  /** Send a heartbeat at least this often, in milliseconds. */
  heartbeatMs: z.int().positive(),
});
const lease = z.strictObject({ type: z.literal("lease"), lease: LeaseSchema });
const ballotWanted = z.strictObject({
  type: z.literal("ballot?"),
  ...epochFields,
  /** Tasks to vote on, in task order; the worker leaves out those it does not want to vote on. */
  tasks: z.array(taskId).min(1).max(MAX_TASKS_PER_EPOCH),
});
const sealed = z.strictObject({
  type: z.literal("sealed"),
  ...epochFields,
  /** All leaves of the epoch; the worker finds its own and checks the joint hash against the chain before it opens. */
  leaves: z.array(HashSchema),
});
const uploadWanted = z.strictObject({ type: z.literal("upload?"), taskId });
/** Three workers gave three answers to this task: the pool gives up their votes, and asks in what they differ. */
const manifestWanted = z.strictObject({ type: z.literal("manifest?"), taskId });
const settled = z.strictObject({
  type: z.literal("settled"),
  taskId,
  digest: HashSchema,
  /** Whether this worker's vote was for that digest. */
  agreed: z.boolean(),
});
const drop = z.strictObject({ type: z.literal("drop"), leaseId, taskId, reason: z.string().max(1_024) });

export const SchedulerMessageSchema = z.discriminatedUnion("type", [
  welcome,
  lease,
  ballotWanted,
  sealed,
  uploadWanted,
  manifestWanted,
  settled,
  drop,
]);
/** What a scheduler says. */
export type SchedulerMessage = z.output<typeof SchedulerMessageSchema>;

export type MessageOf<M extends { type: string }, T extends M["type"]> = Extract<M, { type: T }>;
