import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";

import { BadConfigError } from "../protocol/errors.ts";

import { UsageError } from "./errors.ts";
import type { Prompts } from "./prompts.ts";

type PassphraseSource = {
  readonly file: string | undefined;
  readonly prompts: Prompts;
  readonly stdin: NodeJS.ReadableStream;
};

/** Shortest passphrase that a new key accepts. */
const LEAST_LENGTH = 8;

/** The passphrase of an existing key: from the file, else asked, else the first line of standard input. */
export async function readPassphrase({ file, prompts, stdin }: PassphraseSource, name: string): Promise<string> {
  if (file !== undefined) return await fromFile(file);
  if (prompts.interactive) return await prompts.secret(`Passphrase of the key ${name}`);
  return await firstLine(stdin);
}

/** The passphrase of a new key; asked twice when it is typed. @throws UsageError when it is short or mistyped */
export async function choosePassphrase(source: PassphraseSource, name: string): Promise<string> {
  const passphrase = await readPassphrase(source, name);
  if (passphrase.length < LEAST_LENGTH) {
    throw new UsageError(`The passphrase is too short: at least ${LEAST_LENGTH} characters`, {
      hint: "Take a longer one",
    });
  }
  const typed = source.file === undefined && source.prompts.interactive;
  if (typed && (await source.prompts.secret("The same again")) !== passphrase) {
    throw new UsageError("The two passphrases differ: no key was made", { hint: "Try again" });
  }
  return passphrase;
}

async function fromFile(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).split(/\r?\n/, 1)[0]!;
  } catch (cause) {
    throw new BadConfigError(`GRIDMILL_PASSPHRASE_FILE cannot be read: ${file}`, { cause, hint: "Correct the path" });
  }
}

async function firstLine(stdin: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: stdin })) return line;
  throw new UsageError("No passphrase: neither a terminal, nor a file, nor standard input gave one", {
    hint: "Set GRIDMILL_PASSPHRASE_FILE, or pipe the passphrase in",
  });
}
