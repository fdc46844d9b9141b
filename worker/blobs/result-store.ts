import { createHash } from "node:crypto";
import { mkdir, open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

import { syncPath } from "../../chain/node/durable-file.ts";
import { inBatches } from "../../protocol/in-batches.ts";
import type { ResultStore } from "../leasing/perform-lease.ts";

/**
 * Result blobs in a folder.
 * @param isWanted says whether a journalled vote names the file; what no vote names is the rest of an interrupted run
 */
export async function openResultStore(folder: string, isWanted: (path: string) => boolean): Promise<ResultStore> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const paths = (await readdir(folder)).map((name) => join(folder, name));
  for (const path of paths) if (!isWanted(path)) await rm(path, { force: true });
  // Results that are there at one time are in the folder's list by one sync.
  const syncFolder = inBatches(async (asked: readonly undefined[]) => {
    await syncPath(folder);
    return asked;
  });
  return {
    pathFor: (leaseId) => join(folder, `${leaseId}.tar`),
    keep: async (path) => {
      const kept = await hashAndSync(path);
      await syncFolder(undefined);
      return { path, ...kept };
    },
    discard: (path) => rm(path, { force: true }),
  };
}

async function hashAndSync(path: string): Promise<{ readonly sha256: string; readonly bytes: number }> {
  await using file = await open(path);
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of file.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  await file.sync();
  return { sha256: hash.digest("hex"), bytes };
}
