import { z } from "zod";

import { BadConfigError } from "../../protocol/errors.ts";
import type { KeySource } from "./wallet.ts";

/** What the `config.ts` of the services are made of; the environment itself is read there and nowhere else. */

/** Digits only: a coerced number would read an empty variable as 0, and 0 confirmations trusts everything. */
export function wholeNumber(most = Number.MAX_SAFE_INTEGER, least = 0): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^\d{1,15}$/, "must be a whole number")
    .transform(Number)
    .pipe(z.number().min(least).max(most));
}

export const httpUrl = z.url({ protocol: /^https?$/ });

/** Comma separated, at least one. */
export const httpUrls = z
  .string()
  .transform((text) => text.split(",").map((url) => url.trim()))
  .pipe(z.array(httpUrl).min(1));

/** Addresses and networks of reverse proxies, comma separated; none by default. */
export const proxies = z
  .string()
  .transform((text) => text.split(",").flatMap((word) => word.trim() || []))
  .pipe(z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], "must be addresses such as 127.0.0.1")))
  .prefault("");

export const logLevel = z.enum(["trace", "debug", "info", "warn", "error", "silent"]).prefault("info");

/** For a refinement that looks at several variables: it runs even when others are wrong, so that every problem is named. */
export const inAnyCase = { when: (): boolean => true } as const;

type KeyVariables = {
  readonly GRIDMILL_KEY?: string | undefined;
  readonly GRIDMILL_KEY_FILE?: string | undefined;
  readonly GRIDMILL_PASSPHRASE_FILE?: string | undefined;
};

/** Where the key is; undefined when the variables do not say it in full, see {@link NO_KEY}. */
export function keySourceOf(env: KeyVariables): KeySource | undefined {
  const { GRIDMILL_KEY: key, GRIDMILL_KEY_FILE: keyFile, GRIDMILL_PASSPHRASE_FILE: passphraseFile } = env;
  if (key !== undefined) return { key };
  return keyFile !== undefined && passphraseFile !== undefined ? { keyFile, passphraseFile } : undefined;
}

export const NO_KEY = {
  ...inAnyCase,
  path: ["GRIDMILL_KEY_FILE"],
  message: "give a key by GRIDMILL_KEY_FILE and GRIDMILL_PASSPHRASE_FILE, or by GRIDMILL_KEY",
};

/**
 * The environment as a schema reads it.
 * @throws BadConfigError with every problem listed, not only the first
 */
export function parseEnv<S extends z.ZodType>(schema: S, env: NodeJS.ProcessEnv): z.output<S> {
  const parsed = schema.safeParse(env);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new BadConfigError(`Bad configuration:\n  ${problems.join("\n  ")}`, {
    details: { problems },
    hint: "See .env.example for every variable and its meaning",
  });
}
