import { createHash } from "node:crypto";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import { syncPath } from "../../chain/node/durable-file.ts";
import { streamFile } from "../../chain/node/stream-file.ts";
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
  const { size: bytes } = await stat(path);
  const hash = createHash("sha256");
  for await (const chunk of streamFile(path, bytes) as AsyncIterable<Buffer>) hash.update(chunk);
  await syncPath(path);
  return { sha256: hash.digest("hex"), bytes };
}
