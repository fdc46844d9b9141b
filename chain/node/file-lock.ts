import { open, readFile, stat, unlink } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

import { hasCode } from "./system-error.ts";

/** What is done under the lock takes milliseconds, so a lock of this age was left by a process that died. */
const STALE_MS = 10_000;
const RETRY_MS = 10;

/** Runs `work` while no other process does so with the same lock file. */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  while (!(await taken(file))) {
    if (await isStale(file)) await unlink(file).catch(() => {});
    else await sleep(RETRY_MS);
  }
  try {
    return await work();
  } finally {
    await unlink(file);
  }
}

async function taken(file: string): Promise<boolean> {
  try {
    await using handle = await open(file, "wx");
    await handle.writeFile(`${process.pid}`);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
}

/** Left by a process that is gone, or old: in another container its number may mean somebody else. */
async function isStale(file: string): Promise<boolean> {
  try {
    const [owner, { mtimeMs }] = await Promise.all([readFile(file, "utf8"), stat(file)]);
    return Date.now() - mtimeMs > STALE_MS || (owner !== "" && !isAlive(Number(owner)));
  } catch {
    return false; // it was given back in this moment
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !hasCode(error, "ESRCH");
  }
}
