import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { tryLock } from "../../chain/node/file-lock.ts";
import type { FileLock } from "../../chain/node/file-lock.ts";
import { DataInUseError } from "../errors.ts";

/**
 * Claims a data folder for this process: two workers on one journal could sign two digests for one task. A lock left by a
 * process that was killed is taken over.
 * @throws DataInUseError
 */
export async function lockFolder(folder: string): Promise<FileLock> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const lock = await tryLock(join(folder, "lock"));
  if (typeof lock !== "string") return lock;
  throw new DataInUseError(`${folder} is in use by process ${lock}`, {
    hint: "Stop that worker first, or give this one a data folder and a key of its own",
    details: { folder, holder: lock },
  });
}
