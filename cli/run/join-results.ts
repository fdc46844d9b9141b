import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { JOINERS } from "../../sdk/join/joiners.ts";
import type { JoinKind } from "../../sdk/join/joiners.ts";
import { listFiles } from "../list-files.ts";

import { succeeded } from "./outcome.ts";
import type { TaskOutcome } from "./outcome.ts";

/**
 * Makes one file of what the tasks brought, one output file each.
 * @param file where it goes; default: beside the tasks' folders
 * @returns its path, or undefined when the app does not join or a task has failed
 * @throws JoinError
 */
export async function joinResults(
  kind: JoinKind | undefined,
  tasks: readonly TaskOutcome[],
  folder: string,
  file?: string,
): Promise<string | undefined> {
  if (kind === undefined || !tasks.every(succeeded)) return undefined;
  const { fileName, join: joinParts } = JOINERS[kind];
  const parts = await Promise.all(tasks.map(({ out }) => onlyFile(out!)));
  const target = file ?? join(folder, fileName);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, joinParts(parts));
  return target;
}

async function onlyFile(out: string): Promise<Uint8Array | undefined> {
  const files = await listFiles(out);
  return files.length === 1 ? await readFile(join(out, files[0]!)) : undefined;
}
