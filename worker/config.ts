import { homedir } from "node:os";
import { join, resolve } from "node:path";

import { z } from "zod";

import {
  httpUrl,
  httpUrls,
  inAnyCase,
  keySourceOf,
  logLevel,
  NO_KEY,
  parseEnv,
  wholeNumber,
} from "../chain/node/env.ts";
import type { KeySource } from "../chain/node/wallet.ts";
import { parseMill } from "../protocol/amounts.ts";

const mill = z
  .string()
  .regex(/^\d{1,30}(\.\d{1,18})?$/, "must be an amount in MILL, such as 1.5")
  .transform(parseMill);
const wordList = z.string().transform((text) => text.split(",").flatMap((word) => word.trim() || []));

/** Everything that a worker reads from its environment, in one place, checked once at start. */
const Env = z
  .object({
    /** JSON-RPC endpoints, the preferred one first. No default: guessing a chain is worse than not starting. */
    GRIDMILL_RPC_URLS: httpUrls,
    /** The JSON file that says where the contracts are. */
    GRIDMILL_DEPLOYMENT: z.string().min(1),
    /** Blocks below the head treated as not yet final. */
    GRIDMILL_CONFIRMATIONS: wholeNumber(1_000).prefault("5"),
    /** Journal, inputs, results and the work of the executor. One worker a folder. */
    GRIDMILL_DATA: z.string().min(1).optional(),
    /** Port of the status page, on the loopback interface; 0 takes any. */
    GRIDMILL_PORT: wholeNumber(65_535).prefault("0"),
    GRIDMILL_LOG_LEVEL: logLevel,
    GRIDMILL_KEY: z.string().min(1).optional(),
    GRIDMILL_KEY_FILE: z.string().min(1).optional(),
    GRIDMILL_PASSPHRASE_FILE: z.string().min(1).optional(),
    /** Address of the pool's gateway; without it the registry is asked for that of GRIDMILL_POOL. */
    GRIDMILL_POOL_URL: httpUrl.optional(),
    /** Id of the pool; with a pool address, what that gateway must say it is. */
    GRIDMILL_POOL: wholeNumber(Number.MAX_SAFE_INTEGER, 1).transform(BigInt).optional(),
    /** Most tasks at a time. */
    GRIDMILL_SLOTS: wholeNumber(256, 1).prefault("1"),
    /** Thousandths of a core for all tasks together; default: all cores. */
    GRIDMILL_CPU_MILLICORES: wholeNumber(1_024_000, 1).optional(),
    /** Default: three quarters of the memory. */
    GRIDMILL_MEMORY_MIB: wholeNumber(2 ** 31, 1).optional(),
    /** Default: half of what the data folder's disk has free. */
    GRIDMILL_DISK_MIB: wholeNumber(2 ** 31, 1).optional(),
    /** Most MiB of inputs kept for later tasks. */
    GRIDMILL_CACHE_MIB: wholeNumber(2 ** 31, 1).prefault("10240"),
    /** Most MILL staked on one vote. */
    GRIDMILL_MAX_STAKE: mill.prefault("1000"),
    /** Most MILL at risk in all ballots together, whatever the bond. */
    GRIDMILL_MAX_EXPOSURE: mill.prefault("1000000"),
    /** Images to allow, by the start of their reference; none named allows all. */
    GRIDMILL_IMAGES: wordList.prefault(""),
    /** Score of the machine, where the engine is on another one; else it is measured. */
    GRIDMILL_BENCHMARK: wholeNumber(0xffff_ffff, 1).optional(),
    /** What `gridmill worker own` printed: whose this worker is. Default: owner.json in GRIDMILL_DATA, if there is one. */
    GRIDMILL_OWNER_FILE: z.string().min(1).optional(),
    /** Bandwidth in Mbit/s. */
    GRIDMILL_BANDWIDTH: wholeNumber(0xffff_ffff).prefault("0"),
    /** What the machine draws while it computes with all that it offers, in watts; for requesters that weigh energy. */
    GRIDMILL_WATTS: wholeNumber(1_000_000, 1).optional(),
    /** Seconds that running tasks get to finish when the worker is told to stop. */
    GRIDMILL_DRAIN_SECONDS: wholeNumber(86_400).prefault("30"),
    /** How an output volume is bounded: `hard` by its size, `soft` by watching it, `auto` by what works here. */
    GRIDMILL_OUTPUT_VOLUMES: z.enum(["hard", "soft", "auto"]).prefault("auto"),
    DOCKER_HOST: z
      .string()
      .regex(/^(unix:\/\/\/|tcp:\/\/)/, "must be unix:///… or tcp://…")
      .optional(),
  })
  .refine((env) => env.GRIDMILL_POOL_URL !== undefined || env.GRIDMILL_POOL !== undefined, {
    ...inAnyCase,
    path: ["GRIDMILL_POOL_URL"],
    message: "name a pool by GRIDMILL_POOL_URL or GRIDMILL_POOL",
  })
  .refine((env) => keySourceOf(env) !== undefined, NO_KEY);

type Env = z.output<typeof Env>;

/** What the owner wants; what is undefined is decided by the machine. Amounts in wei. */
export type WorkerConfig = Readonly<{
  rpcUrls: readonly string[];
  deploymentFile: string;
  confirmations: number;
  dataFolder: string;
  statusPort: number;
  logLevel: Env["GRIDMILL_LOG_LEVEL"];
  key: KeySource;
  poolUrl: string | undefined;
  pool: bigint | undefined;
  slots: number;
  cpuMillicores: number | undefined;
  memoryMiB: number | undefined;
  diskMiB: number | undefined;
  cacheMiB: number;
  maxStake: bigint;
  maxExposure: bigint;
  allowedImages: readonly string[];
  benchmark: number | undefined;
  ownerFile: string | undefined;
  bandwidthMbits: number;
  watts: number | undefined;
  drainSeconds: number;
  outputVolumes: Env["GRIDMILL_OUTPUT_VOLUMES"];
  engine: { readonly socketPath: string } | { readonly host: string } | undefined;
}>;

/** @throws BadConfigError with every problem listed, not only the first */
export function loadConfig(environment: NodeJS.ProcessEnv = process.env): WorkerConfig {
  // An empty variable counts as unset, as in every shell script.
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const env = parseEnv(Env, given);
  return Object.freeze({
    rpcUrls: env.GRIDMILL_RPC_URLS,
    deploymentFile: env.GRIDMILL_DEPLOYMENT,
    confirmations: env.GRIDMILL_CONFIRMATIONS,
    dataFolder: resolve(env.GRIDMILL_DATA ?? join(homedir(), ".gridmill", "worker")),
    statusPort: env.GRIDMILL_PORT,
    logLevel: env.GRIDMILL_LOG_LEVEL,
    key: keySourceOf(env)!,
    poolUrl: env.GRIDMILL_POOL_URL,
    pool: env.GRIDMILL_POOL,
    slots: env.GRIDMILL_SLOTS,
    cpuMillicores: env.GRIDMILL_CPU_MILLICORES,
    memoryMiB: env.GRIDMILL_MEMORY_MIB,
    diskMiB: env.GRIDMILL_DISK_MIB,
    cacheMiB: env.GRIDMILL_CACHE_MIB,
    maxStake: env.GRIDMILL_MAX_STAKE,
    maxExposure: env.GRIDMILL_MAX_EXPOSURE,
    allowedImages: env.GRIDMILL_IMAGES,
    benchmark: env.GRIDMILL_BENCHMARK,
    ownerFile: env.GRIDMILL_OWNER_FILE,
    bandwidthMbits: env.GRIDMILL_BANDWIDTH,
    watts: env.GRIDMILL_WATTS,
    drainSeconds: env.GRIDMILL_DRAIN_SECONDS,
    outputVolumes: env.GRIDMILL_OUTPUT_VOLUMES,
    engine: engineOf(env.DOCKER_HOST),
  });
}

function engineOf(dockerHost: string | undefined): WorkerConfig["engine"] {
  if (dockerHost === undefined) return undefined;
  const socket = /^unix:\/\/(\/.+)$/.exec(dockerHost)?.[1];
  return socket ? { socketPath: socket } : { host: dockerHost };
}
