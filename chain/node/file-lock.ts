import { randomUUID } from "node:crypto";
import { link, readFile, rm, stat, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

import { identify, isAlive } from "./process-id.ts";
import { hasCode, undefinedIfMissing } from "./system-error.ts";

/** Held until it is released. */
export interface FileLock extends AsyncDisposable {
  release(): Promise<void>;
}

/** What is done under {@link withLock} takes milliseconds, so a lock of this age was left by a process that died. */
const STALE_MS = 10_000;
const RETRY_MS = 10;

/**
 * Takes the lock, unless a process that lives has it: what one that died left is taken over.
 * @returns the lock, or the process that holds it, as "<number> <birth>"
 */
export async function tryLock(file: string): Promise<FileLock | string> {
  const me = await ownName();
  while (!(await created(file, me))) {
    const holder = await readFile(file, "utf8").catch(undefinedIfMissing);
    if (holder === undefined) continue; // it was given back in this moment
    if (await lives(holder)) return holder;
    await clear(file, holder);
  }
  const release = (): Promise<void> => rm(file, { force: true });
  return { release, [Symbol.asyncDispose]: release };
}

/** Runs `work` while no other process does so with the same lock file. */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  for (;;) {
    await using lock = await waitOrLock(file);
    if (lock) return await work();
  }
}

async function waitOrLock(file: string): Promise<FileLock | undefined> {
  const taken = await tryLock(file);
  if (typeof taken !== "string") return taken;
  // Whoever lives too long with it: in another container its number may mean somebody else.
  if (await isOld(file)) await rm(file, { force: true });
  else await sleep(RETRY_MS);
  return undefined;
}

/** Takes away what a dead holder left: one process at a time, lest a second one takes away the lock that the first then has. */
async function clear(file: string, holder: string): Promise<void> {
  const turn = `${file}.clearing`;
  if (!(await created(turn, holder))) {
    if (await isOld(turn)) await rm(turn, { force: true });
    else await sleep(RETRY_MS);
    return;
  }
  try {
    if ((await readFile(file, "utf8").catch(undefinedIfMissing)) === holder) await rm(file, { force: true });
  } finally {
    await rm(turn, { force: true });
  }
}

/** Makes the file together with its text, so that nobody ever sees one that names no process yet. */
async function created(file: string, text: string): Promise<boolean> {
  const draft = `${file}.${randomUUID()}.draft`;
  await writeFile(draft, text, { mode: 0o600 });
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function isOld(file: string): Promise<boolean> {
  const found = await stat(file).catch(undefinedIfMissing);
  return found !== undefined && Date.now() - found.mtimeMs > STALE_MS;
}

async function ownName(): Promise<string> {
  const { pid, born } = (await identify(process.pid))!;
  return `${pid} ${born}`;
}

async function lives(holder: string): Promise<boolean> {
  const [, pid, born] = /^(\d+) (.+)$/.exec(holder) ?? [];
  return pid !== undefined && born !== undefined && (await isAlive({ pid: Number(pid), born }));
}
