import { z } from "zod";

import { httpUrl, httpUrls, keySourceOf, logLevel, NO_KEY, parseEnv, proxies, wholeNumber } from "../chain/node/env.ts";
import type { KeySource } from "../chain/node/wallet.ts";
import { MAX_TASKS_PER_EPOCH, MIB } from "../protocol/constants.ts";
import { SEAL_MARGIN_SECONDS } from "./domain/epochs/ballot-check.ts";
import type { EpochPolicy } from "./domain/epochs/epoch-plan.ts";

/** Everything the scheduler reads from its environment, in one place, checked once at start. */
const Env = z
  .object({
    /** Where the pool keeps its state and BullMQ its queues. No default: a guessed port may be the wrong Redis. */
    REDIS_URL: z.url({ protocol: /^rediss?$/ }),
    /** JSON-RPC endpoints, comma separated. No default: guessing a chain is worse than not starting. */
    GRIDMILL_RPC_URLS: httpUrls,
    /** File with the addresses of the contracts, as `protocol/deployment.ts` describes it. */
    GRIDMILL_DEPLOYMENT: z.string().min(1),
    /** Blocks below the head treated as not yet final. */
    GRIDMILL_CONFIRMATIONS: wholeNumber(1_000).prefault("5"),
    /** Id of the pool in the registry. */
    GRIDMILL_POOL: z.string().regex(/^\d+$/, "must be a pool id").transform(BigInt),
    /** Base URL of the market: params are fetched there. */
    GRIDMILL_MARKET_URL: httpUrl,
    /** Folder for blobs. */
    GRIDMILL_DATA: z.string().min(1),
    GRIDMILL_HOST: z.string().min(1).prefault("127.0.0.1"),
    GRIDMILL_PORT: wholeNumber(65_535).prefault("8470"),
    /** Where workers and requesters reach the gateway: their log-ins must name its host. */
    GRIDMILL_PUBLIC_URL: httpUrl.optional(),
    /** Reverse proxies, whose word (X-Forwarded-For) is taken for who asks; without them all clients behind one share a limit. */
    GRIDMILL_PROXIES: proxies,
    /** The operator's key: encrypted keystore and the file with its passphrase, or the bare key. */
    GRIDMILL_KEY_FILE: z.string().min(1).optional(),
    GRIDMILL_PASSPHRASE_FILE: z.string().min(1).optional(),
    GRIDMILL_KEY: z.string().min(1).optional(),
    /** Lanes that this pool's orders use, counted from 0. */
    GRIDMILL_LANES: wholeNumber(256, 1).prefault("1"),
    /** Image platform of the pool's apps. */
    GRIDMILL_PLATFORM: z.string().prefault("linux/amd64"),
    /** No agreed task waits longer than this for others to be sealed with it, in seconds. */
    GRIDMILL_EPOCH_SECONDS: wholeNumber().prefault("30"),
    GRIDMILL_EPOCH_TASKS: wholeNumber(MAX_TASKS_PER_EPOCH, 1).prefault("400"),
    /** How long workers have to answer for a ballot, and to open and upload, in seconds. */
    GRIDMILL_BALLOT_SECONDS: wholeNumber().prefault("15"),
    GRIDMILL_OPEN_SECONDS: wholeNumber().prefault("120"),
    /** Chance, in percent, that a task which one worker could decide gets a second vote. */
    GRIDMILL_REPLICATE_PERCENT: wholeNumber(100).prefault("10"),
    /** Chance, in percent, that a task whose answer trusted workers gave waits for one more vote, of a worker on probation. */
    GRIDMILL_SPOT_CHECK_PERCENT: wholeNumber(100).prefault("10"),
    /** Whether workers of one machine or owner may vote on one task, for a pool on one machine; else each has one vote of it. */
    GRIDMILL_SAME_MACHINE_VOTES: z
      .enum(["true", "false"])
      .prefault("false")
      .transform((text) => text === "true"),
    /** What one account may keep in the pool's blobs, in MiB, and for how many hours results are kept. */
    GRIDMILL_BLOB_QUOTA_MIB: wholeNumber().prefault("4096"),
    GRIDMILL_RETENTION_HOURS: wholeNumber().prefault("72"),
    /** The most that the operator offers for gas, in gwei; without it whatever the chain asks for. */
    GRIDMILL_MAX_FEE_GWEI: wholeNumber(1_000_000, 1).optional(),
    /** Base URL of an OpenTelemetry collector (OTLP over HTTP), which gets a trace of each deal; without it none is made. */
    OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl.optional(),
    GRIDMILL_LOG_LEVEL: logLevel,
  })
  .refine((env) => keySourceOf(env) !== undefined, NO_KEY);

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
  proxies: readonly string[];
  key: KeySource;
  lanes: number;
  platform: string;
  epochs: EpochPolicy;
  /** 0 to 1. */
  replicateChance: number;
  /** 0 to 1. */
  spotCheckChance: number;
  /** Whether workers of one machine or owner may vote on one task. */
  sameMachineVotes: boolean;
  blobQuotaBytes: number;
  retentionMs: number;
  /** Wei per gas. */
  maxFeePerGas: bigint | undefined;
  /** Base URL of an OpenTelemetry collector. */
  traces: string | undefined;
  logLevel: string;
}>;

const GWEI = 1_000_000_000n;

/** What a seal needs after the last ballot, in seconds: a ballot ends at the earliest deadline in it. */
const SEALING_SECONDS = SEAL_MARGIN_SECONDS + 15;

/** @throws BadConfigError with every problem listed, not only the first */
export function loadConfig(environment: NodeJS.ProcessEnv = process.env): SchedulerConfig {
  const env = parseEnv(Env, environment);
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
    proxies: env.GRIDMILL_PROXIES,
    key: keySourceOf(env)!,
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
    spotCheckChance: env.GRIDMILL_SPOT_CHECK_PERCENT / 100,
    sameMachineVotes: env.GRIDMILL_SAME_MACHINE_VOTES,
    blobQuotaBytes: env.GRIDMILL_BLOB_QUOTA_MIB * MIB,
    retentionMs: env.GRIDMILL_RETENTION_HOURS * 3_600_000,
    maxFeePerGas: env.GRIDMILL_MAX_FEE_GWEI === undefined ? undefined : BigInt(env.GRIDMILL_MAX_FEE_GWEI) * GWEI,
    traces: env.OTEL_EXPORTER_OTLP_ENDPOINT,
    logLevel: env.GRIDMILL_LOG_LEVEL,
  });
}
