import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

import { syncPath } from "../../chain/node/durable-file.ts";
import type { ResultStore } from "../leasing/perform-lease.ts";

/**
 * Result blobs in a folder.
 * @param isWanted says whether a journalled vote names the file; what no vote names is the rest of an interrupted run
 */
export async function openResultStore(folder: string, isWanted: (path: string) => boolean): Promise<ResultStore> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const paths = (await readdir(folder)).map((name) => join(folder, name));
  for (const path of paths) if (!isWanted(path)) await rm(path, { force: true });
  return {
    pathFor: (leaseId) => join(folder, `${leaseId}.tar`),
    keep: async (path) => {
      const hash = createHash("sha256");
      await pipeline(createReadStream(path), hash);
      await syncPath(path);
      await syncPath(folder);
      return { path, sha256: hash.digest("hex"), bytes: (await stat(path)).size };
    },
    discard: (path) => rm(path, { force: true }),
  };
}
