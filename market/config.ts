import { z } from "zod";

import { BadConfigError } from "../protocol/errors.ts";

import type { DatabaseOptions } from "./store/database.ts";

/** Digits only: a coerced number would read an empty variable as 0. */
const wholeNumber = (most: number, least = 0) =>
  z
    .string()
    .regex(/^\d{1,15}$/, "must be a whole number")
    .transform(Number)
    .pipe(z.number().min(least).max(most));
const urlList = z
  .string()
  .transform((text) => text.split(",").map((url) => url.trim()))
  .pipe(z.array(z.url({ protocol: /^https?$/ })).min(1));

/** Everything that the market reads from its environment, in one place, checked once at start. */
const Env = z
  .object({
    /** JSON-RPC endpoints, the preferred one first. No default: guessing a chain is worse than not starting. */
    GRIDMILL_RPC_URLS: urlList,
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
    GRIDMILL_LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "silent"]).prefault("info"),
  })
  .refine((env) => env.DATABASE_URL !== undefined || env.GRIDMILL_DATA !== undefined, {
    path: ["GRIDMILL_DATA"],
    message: "name a folder by GRIDMILL_DATA, or a PostgreSQL by DATABASE_URL",
    when: () => true, // also when other variables are wrong: every problem is named
  });

export type MarketConfig = Readonly<{
  rpcUrls: readonly string[];
  deploymentFile: string;
  confirmations: number;
  database: DatabaseOptions;
  host: string;
  port: number;
  rateLimit: number;
  logLevel: string;
}>;

/** @throws BadConfigError with every problem listed, not only the first */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): MarketConfig {
  const parsed = Env.safeParse(env);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new BadConfigError(`Bad configuration:\n  ${problems.join("\n  ")}`, {
      details: { problems },
      hint: "See .env.example for every variable and its meaning",
    });
  }
  const { DATABASE_URL, GRIDMILL_DATA, ...rest } = parsed.data;
  return Object.freeze({
    rpcUrls: rest.GRIDMILL_RPC_URLS,
    deploymentFile: rest.GRIDMILL_DEPLOYMENT,
    confirmations: rest.GRIDMILL_CONFIRMATIONS,
    database: databaseOf(DATABASE_URL, GRIDMILL_DATA),
    host: rest.GRIDMILL_HOST,
    port: rest.GRIDMILL_PORT,
    rateLimit: rest.GRIDMILL_RATE_LIMIT,
    logLevel: rest.GRIDMILL_LOG_LEVEL,
  });
}

function databaseOf(url: string | undefined, folder: string | undefined): DatabaseOptions {
  return url === undefined ? { kind: "embedded", folder } : { kind: "postgres", url };
}
