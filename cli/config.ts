import { homedir } from "node:os";
import { join, resolve } from "node:path";

import { z } from "zod";

import { BadConfigError } from "../protocol/errors.ts";

/** An empty variable counts as unset, as in every shell script. */
const optionalText = z
  .string()
  .optional()
  .transform((text) => text || undefined);

/** Everything that the command reads from its environment. */
const Env = z.object({
  /** Keys, networks and the local market live here. Default `~/.gridmill`. */
  GRIDMILL_HOME: optionalText,
  /** Network to use when `--network` is not given. Default `local`. */
  GRIDMILL_NETWORK: optionalText,
  /** Private key in hex; takes the place of a keystore. */
  GRIDMILL_KEY: optionalText.pipe(
    z
      .string()
      .regex(/^(0x)?[0-9a-fA-F]{64}$/, "must be a private key: 32 bytes in hex")
      .optional(),
  ),
  /** File whose first line is the passphrase of the keystore. */
  GRIDMILL_PASSPHRASE_FILE: optionalText,
  /** Which Docker Engine to use, `unix://…` or `tcp://…`. */
  DOCKER_HOST: optionalText,
  NO_COLOR: optionalText,
});

export type CliConfig = Readonly<{
  home: string;
  network: string;
  key: string | undefined;
  passphraseFile: string | undefined;
  dockerHost: string | undefined;
  color: boolean;
  /** What child processes inherit: enough to find programs and folders, and no key. */
  childEnv: Readonly<Record<string, string>>;
  /** What a pool or worker that runs in this process may be told by the environment. */
  serviceEnv: Readonly<Record<string, string>>;
}>;

const INHERITED = [
  ...["PATH", "HOME", "LANG", "TMPDIR", "DOCKER_HOST", "NODE_EXTRA_CA_CERTS"],
  "NODE_COMPILE_CACHE", // else services compile what the command has compiled already
] as const;
const OF_SERVICES = /^(GRIDMILL_[A-Z_]+|REDIS_URL|DOCKER_HOST)$/;

/** @throws BadConfigError with every problem listed, not only the first. */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): CliConfig {
  const parsed = Env.safeParse(env);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new BadConfigError(`Bad configuration: ${problems.join("; ")}`, {
      details: { problems },
      hint: "Correct or unset these environment variables",
    });
  }
  const { data } = parsed;
  return Object.freeze({
    home: resolve(data.GRIDMILL_HOME ?? join(homedir(), ".gridmill")),
    network: data.GRIDMILL_NETWORK ?? "local",
    key: data.GRIDMILL_KEY,
    passphraseFile: data.GRIDMILL_PASSPHRASE_FILE,
    dockerHost: data.DOCKER_HOST,
    color: data.NO_COLOR === undefined,
    childEnv: Object.freeze(
      Object.fromEntries(INHERITED.flatMap((name) => (env[name] ? [[name, env[name]] as const] : []))),
    ),
    serviceEnv: Object.freeze(
      Object.fromEntries(
        Object.entries(env).flatMap(([name, value]) => (value && OF_SERVICES.test(name) ? [[name, value]] : [])),
      ),
    ),
  });
}
