import { chmod, mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { writeFileDurably } from "../chain/node/durable-file.ts";
import { undefinedIfMissing } from "../chain/node/system-error.ts";
import { toJson } from "../protocol/json.ts";

/** Where things lie under `GRIDMILL_HOME`. */
export type HomePaths = {
  readonly root: string;
  readonly networks: string;
  readonly keys: string;
  /** What was sent to a chain and is not yet final, so that a restart sends nothing twice. */
  readonly journals: string;
  /** What runs that were killed had signed, so that the same command goes on with it. */
  readonly runs: string;
  /** The market that `gridmill up` runs. */
  readonly local: string;
  /** Data of pools and workers on other networks. */
  readonly services: string;
  /** Where apps are checked, one at a time. */
  readonly check: string;
  /** This machine's score, for whatever runs under this home. */
  readonly benchmark: string;
};

export function homePaths(root: string): HomePaths {
  return {
    root,
    networks: join(root, "networks.json"),
    keys: join(root, "keys"),
    journals: join(root, "journals"),
    runs: join(root, "runs"),
    local: join(root, "local"),
    services: join(root, "services"),
    check: join(root, "check"),
    benchmark: join(root, "benchmark.json"),
  };
}

/** Makes a folder that its owner alone may enter. */
export async function privateFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await chmod(path, 0o700); // the mode above is ignored for a folder that was there before
  return path;
}

/** Writes a file that its owner alone may read; a crash, even of the power, leaves the old one or the new one, never half. */
export async function writePrivate(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFileDurably(path, text);
}

export async function writePrivateJson(path: string, value: unknown): Promise<void> {
  await writePrivate(path, `${toJson(value, 2)}\n`);
}

/** The text of a file, or undefined when there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  return await readFile(path, "utf8").catch(undefinedIfMissing);
}
