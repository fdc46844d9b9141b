import { mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import { DataInUseError } from "../errors.ts";

/** Held while a worker runs on a data folder. */
interface FolderLock extends AsyncDisposable {
  release(): Promise<void>;
}

/**
 * Claims a data folder for this process: two workers on one journal could sign two digests for one task. A lock left by a
 * process that was killed is taken over.
 * @throws DataInUseError
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, "lock");
  const me = await processName(process.pid);
  if (!(await tryCreate(path, me))) {
    const holder = await readFile(path, "utf8");
    if (await isAlive(holder)) throw inUse(folder, holder);
    await rm(path, { force: true });
    if (!(await tryCreate(path, me))) throw inUse(folder, "a worker that started at the same moment");
  }
  const release = (): Promise<void> => rm(path, { force: true });
  return { release, [Symbol.asyncDispose]: release };
}

function inUse(folder: string, holder: string): DataInUseError {
  return new DataInUseError(`${folder} is in use by process ${holder}`, {
    hint: "Stop that worker first, or give this one a data folder and a key of its own",
    details: { folder, holder },
  });
}

async function tryCreate(path: string, text: string): Promise<boolean> {
  try {
    const file = await open(path, "wx", 0o600);
    await file.writeFile(text).finally(() => file.close());
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** The process id and, where the system tells, its start time: ids are used again, in containers at once. */
async function processName(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // Field 22 of proc(5); the name in field 2 may hold spaces, so count from behind it.
  const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  return `${pid} ${started}`;
}

async function isAlive(holder: string): Promise<boolean> {
  const pid = Number(holder.split(" ")[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return (await processName(pid)) === holder;
}
