import { z } from "zod";

import { BadConfigError } from "../protocol/errors.ts";
import { SEAL_MARGIN_SECONDS } from "./domain/ballot-check.ts";
import type { EpochPolicy } from "./domain/epoch-plan.ts";

/** Digits only: a coerced number would read an empty variable as 0, and 0 confirmations trusts everything. */
const wholeNumber = z.string().regex(/^\d+$/, "must be a whole number").transform(Number);
const urls = z
  .string()
  .transform((text) => text.split(",").map((url) => url.trim()))
  .pipe(z.array(z.url({ protocol: /^https?$/ })).min(1));

/** Everything the scheduler reads from its environment, in one place, checked once at start. */
const Env = z
  .object({
    /** Where the pool keeps its state and BullMQ its queues. No default: a guessed port may be the wrong Redis. */
    REDIS_URL: z.url({ protocol: /^rediss?$/ }),
    /** JSON-RPC endpoints, comma separated. No default: guessing a chain is worse than not starting. */
    GRIDMILL_RPC_URLS: urls,
    /** File with the addresses of the contracts, as `protocol/deployment.ts` describes it. */
    GRIDMILL_DEPLOYMENT: z.string().min(1),
    /** Blocks below the head treated as not yet final. */
    GRIDMILL_CONFIRMATIONS: wholeNumber.pipe(z.number().max(1_000)).prefault("5"),
    /** Id of the pool in the registry. */
    GRIDMILL_POOL: z.string().regex(/^\d+$/, "must be a pool id").transform(BigInt),
    /** Base URL of the market: params are fetched there. */
    GRIDMILL_MARKET_URL: z.url({ protocol: /^https?$/ }),
    /** Folder for blobs. */
    GRIDMILL_DATA: z.string().min(1),
    GRIDMILL_HOST: z.string().min(1).prefault("127.0.0.1"),
    GRIDMILL_PORT: wholeNumber.pipe(z.number().max(65_535)).prefault("8470"),
    /** Where workers and requesters reach the gateway: their log-ins must name its host. */
    GRIDMILL_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
    /** The operator's key: encrypted keystore and the file with its passphrase, or the bare key. */
    GRIDMILL_KEY_FILE: z.string().optional(),
    GRIDMILL_PASSPHRASE_FILE: z.string().optional(),
    GRIDMILL_KEY: z.string().optional(),
    /** Lanes that this pool's orders use, counted from 0. */
    GRIDMILL_LANES: wholeNumber.pipe(z.number().min(1).max(256)).prefault("1"),
    /** Image platform of the pool's apps. */
    GRIDMILL_PLATFORM: z.string().prefault("linux/amd64"),
    /** No agreed task waits longer than this for others to be sealed with it, in seconds. */
    GRIDMILL_EPOCH_SECONDS: wholeNumber.prefault("30"),
    GRIDMILL_EPOCH_TASKS: wholeNumber.pipe(z.number().min(1).max(10_000)).prefault("400"),
    /** How long workers have to answer for a ballot, and to open and upload, in seconds. */
    GRIDMILL_BALLOT_SECONDS: wholeNumber.prefault("15"),
    GRIDMILL_OPEN_SECONDS: wholeNumber.prefault("120"),
    /** Chance, in percent, that a task which one worker could decide gets a second vote. */
    GRIDMILL_REPLICATE_PERCENT: wholeNumber.pipe(z.number().max(100)).prefault("10"),
    /** What one account may keep in the pool's blobs, in MiB, and for how many hours results are kept. */
    GRIDMILL_BLOB_QUOTA_MIB: wholeNumber.prefault("4096"),
    GRIDMILL_RETENTION_HOURS: wholeNumber.prefault("72"),
    GRIDMILL_LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "silent"]).prefault("info"),
  })
  .refine((env) => env.GRIDMILL_KEY !== undefined || env.GRIDMILL_KEY_FILE !== undefined, {
    message: "set GRIDMILL_KEY_FILE (with GRIDMILL_PASSPHRASE_FILE) or GRIDMILL_KEY",
    path: ["GRIDMILL_KEY_FILE"],
  });

export type SchedulerConfig = Readonly<{
  redisUrl: string;
  rpcUrls: readonly string[];
  deploymentFile: string;
  confirmations: number;
  pool: bigint;
  marketUrl: string;
  dataFolder: string;
  host: string;
  port: number;
  publicUrl: string | undefined;
  key: Readonly<{ keyFile: string | undefined; passphraseFile: string | undefined; key: string | undefined }>;
  lanes: number;
  platform: string;
  epochs: EpochPolicy;
  /** 0 to 1. */
  replicateChance: number;
  blobQuotaBytes: number;
  retentionMs: number;
  logLevel: string;
}>;

/** What a seal needs after the last ballot, in seconds: a ballot ends at the earliest deadline in it. */
const SEALING_SECONDS = SEAL_MARGIN_SECONDS + 15;

/** @throws BadConfigError with every problem listed, not only the first */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): SchedulerConfig {
  const parsed = Env.safeParse(env);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new BadConfigError(`Bad configuration:\n  ${problems.join("\n  ")}`, {
      details: { problems },
      hint: "See .env.example for every variable and its meaning",
    });
  }
  return compile(parsed.data);
}

function compile(env: z.output<typeof Env>): SchedulerConfig {
  return Object.freeze({
    redisUrl: env.REDIS_URL,
    rpcUrls: env.GRIDMILL_RPC_URLS,
    deploymentFile: env.GRIDMILL_DEPLOYMENT,
    confirmations: env.GRIDMILL_CONFIRMATIONS,
    pool: env.GRIDMILL_POOL,
    marketUrl: env.GRIDMILL_MARKET_URL,
    dataFolder: env.GRIDMILL_DATA,
    host: env.GRIDMILL_HOST,
    port: env.GRIDMILL_PORT,
    publicUrl: env.GRIDMILL_PUBLIC_URL,
    key: { keyFile: env.GRIDMILL_KEY_FILE, passphraseFile: env.GRIDMILL_PASSPHRASE_FILE, key: env.GRIDMILL_KEY },
    lanes: env.GRIDMILL_LANES,
    platform: env.GRIDMILL_PLATFORM,
    epochs: {
      maxWaitSeconds: env.GRIDMILL_EPOCH_SECONDS,
      maxTasks: env.GRIDMILL_EPOCH_TASKS,
      ballotSeconds: env.GRIDMILL_BALLOT_SECONDS,
      openSeconds: env.GRIDMILL_OPEN_SECONDS,
      sealMarginSeconds: env.GRIDMILL_BALLOT_SECONDS + SEALING_SECONDS,
    },
    replicateChance: env.GRIDMILL_REPLICATE_PERCENT / 100,
    blobQuotaBytes: env.GRIDMILL_BLOB_QUOTA_MIB * 1024 * 1024,
    retentionMs: env.GRIDMILL_RETENTION_HOURS * 3_600_000,
    logLevel: env.GRIDMILL_LOG_LEVEL,
  });
}
