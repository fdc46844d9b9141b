import { z } from "zod";

import { httpUrls, inAnyCase, logLevel, parseEnv, proxies, wholeNumber } from "../chain/node/env.ts";

import type { DatabaseOptions } from "./store/database.ts";

/** Everything that the market reads from its environment, in one place, checked once at start. */
const Env = z
  .object({
    /** JSON-RPC endpoints, the preferred one first. No default: guessing a chain is worse than not starting. */
    GRIDMILL_RPC_URLS: httpUrls,
    /** The JSON file that says where the contracts are. */
    GRIDMILL_DEPLOYMENT: z.string().min(1),
    /**
     * Blocks below the head treated as not yet final. 0 shows what is newest: the market holds no money, and takes back
     * what a reorganisation removed.
     */
    GRIDMILL_CONFIRMATIONS: wholeNumber(1_000).prefault("0"),
    /** PostgreSQL; without it the market keeps an embedded database in GRIDMILL_DATA. */
    DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
    /** Folder of the embedded database. */
    GRIDMILL_DATA: z.string().min(1).optional(),
    GRIDMILL_HOST: z.string().min(1).prefault("127.0.0.1"),
    /** 0 takes any. */
    GRIDMILL_PORT: wholeNumber(65_535).prefault("8480"),
    /** Requests a minute from one address. */
    GRIDMILL_RATE_LIMIT: wholeNumber(1_000_000, 1).prefault("3000"),
    /** Reverse proxies, whose word (X-Forwarded-For) is taken for who asks; without them all clients behind one share a limit. */
    GRIDMILL_PROXIES: proxies,
    GRIDMILL_LOG_LEVEL: logLevel,
  })
  .refine((env) => env.DATABASE_URL !== undefined || env.GRIDMILL_DATA !== undefined, {
    ...inAnyCase,
    path: ["GRIDMILL_DATA"],
    message: "name a folder by GRIDMILL_DATA, or a PostgreSQL by DATABASE_URL",
  });

export type MarketConfig = Readonly<{
  rpcUrls: readonly string[];
  deploymentFile: string;
  confirmations: number;
  database: DatabaseOptions;
  host: string;
  port: number;
  rateLimit: number;
  proxies: readonly string[];
  logLevel: string;
}>;

/** @throws BadConfigError with every problem listed, not only the first */
export function loadConfig(environment: NodeJS.ProcessEnv = process.env): MarketConfig {
  const env = parseEnv(Env, environment);
  return Object.freeze({
    rpcUrls: env.GRIDMILL_RPC_URLS,
    deploymentFile: env.GRIDMILL_DEPLOYMENT,
    confirmations: env.GRIDMILL_CONFIRMATIONS,
    database: databaseOf(env.DATABASE_URL, env.GRIDMILL_DATA),
    host: env.GRIDMILL_HOST,
    port: env.GRIDMILL_PORT,
    rateLimit: env.GRIDMILL_RATE_LIMIT,
    proxies: env.GRIDMILL_PROXIES,
    logLevel: env.GRIDMILL_LOG_LEVEL,
  });
}

function databaseOf(url: string | undefined, folder: string | undefined): DatabaseOptions {
  return url === undefined ? { kind: "embedded", folder } : { kind: "postgres", url };
}
