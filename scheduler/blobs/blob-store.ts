import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";

import { syncPath } from "../../chain/node/durable-file.ts";
import { streamFile } from "../../chain/node/stream-file.ts";
import { undefinedIfMissing } from "../../chain/node/system-error.ts";
import { NotFoundError } from "../../protocol/errors.ts";

import { BlobMismatchError, BlobQuotaError } from "../errors.ts";

/** Bytes under the SHA-256 that they have; complete or not there at all. */
export interface BlobStore {
  /**
   * Takes a stream in; what is there already is read to its end and dropped.
   * @throws BlobMismatchError when the bytes have another hash, BlobQuotaError beyond `maxBytes`; nothing is kept then
   */
  write(sha256: string, source: Readable, maxBytes: number): Promise<number>;
  /** @throws NotFoundError */
  read(sha256: string): Promise<{ readonly stream: Readable; readonly bytes: number }>;
  size(sha256: string): Promise<number | undefined>;
  remove(sha256: string): Promise<void>;
  /** Removes what is left of uploads that were last written to before `time` (milliseconds). */
  removeDrafts(time: number): Promise<void>;
}

/** Keeps blobs as files under `folder`, written in a folder of drafts and moved to their place when they are whole. */
export function createFileBlobStore(folder: string): BlobStore {
  const pathOf = (sha256: string): string => join(folder, sha256.slice(0, 2), sha256);
  const drafts = join(folder, "drafts");

  async function size(sha256: string): Promise<number | undefined> {
    const found = await stat(pathOf(sha256)).catch(() => undefined);
    return found?.size;
  }

  async function write(sha256: string, source: Readable, maxBytes: number): Promise<number> {
    const target = pathOf(sha256);
    await mkdir(dirname(target), { recursive: true });
    await mkdir(drafts, { recursive: true });
    const draft = join(drafts, randomUUID());
    try {
      const counted = await copy(source, draft, maxBytes);
      if (counted.sha256 !== sha256) throw mismatch(sha256, counted.sha256);
      await rename(draft, target);
      await syncPath(dirname(target));
      return counted.bytes;
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }

  async function read(sha256: string): Promise<{ stream: Readable; bytes: number }> {
    const bytes = await size(sha256);
    if (bytes === undefined) throw new NotFoundError(`There is no blob ${sha256}`);
    return { stream: streamFile(pathOf(sha256), bytes), bytes };
  }

  async function removeDrafts(time: number): Promise<void> {
    const names = (await readdir(drafts).catch(undefinedIfMissing)) ?? [];
    for (const path of names.map((name) => join(drafts, name))) {
      const found = await stat(path).catch(undefinedIfMissing);
      if (found && found.mtimeMs < time) await rm(path, { force: true });
    }
  }

  return { write, read, size, remove: (sha256) => rm(pathOf(sha256), { force: true }), removeDrafts };
}

async function copy(source: Readable, path: string, maxBytes: number): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash("sha256");
  let bytes = 0;
  await using file = await open(path, "wx");
  for await (const chunk of source as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooMuch(maxBytes);
    hash.update(chunk);
    await file.writeFile(chunk);
  }
  // Before it has its name: a power cut must leave no half of it under a name that says that it is whole.
  await file.sync();
  return { sha256: hash.digest("hex"), bytes };
}

function mismatch(expected: string, actual: string): BlobMismatchError {
  return new BlobMismatchError(`The upload hashes to ${actual}, not to ${expected}`, { details: { expected, actual } });
}

function tooMuch(maxBytes: number): BlobQuotaError {
  return new BlobQuotaError(`The upload is larger than the ${maxBytes} bytes that are left for it`, {
    hint: "Put large inputs behind a URL and name it in the params",
    details: { maxBytes },
  });
}
