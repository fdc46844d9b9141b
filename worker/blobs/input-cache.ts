import { createHash } from "node:crypto";
import { mkdir, open, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

import type { Lease } from "../../protocol/lease.ts";
import { Sha256Schema } from "../../protocol/primitives.ts";
import { CacheFullError, InputCorruptError, InputUnavailableError, PoolUnreachableError } from "../errors.ts";
import type { InputStore } from "../leasing/perform-lease.ts";
import type { PoolBlobs } from "./pool-blobs.ts";

type Input = Lease["inputs"][number];

/** A file of the cache; while `holds` is not 0 it stays. */
type Entry = { readonly bytes: number; usedAt: number; holds: number };

type Cache = {
  readonly folder: string;
  readonly quotaBytes: number;
  readonly blobs: PoolBlobs;
  readonly entries: Map<string, Entry>;
  /** One download of a file at a time; who waits finds it there. */
  readonly downloads: Map<string, Promise<void>>;
};

type InputCacheOptions = {
  readonly folder: string;
  /** Most bytes of inputs on disk. The least recently used go first. */
  readonly quotaBytes: number;
  readonly blobs: PoolBlobs;
};

/** Inputs by their sha256, fetched from the pool's blobs once and kept for the next task while there is room. */
export async function openInputCache(options: InputCacheOptions): Promise<InputStore> {
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  const cache: Cache = { ...options, entries: await entriesIn(options.folder), downloads: new Map() };
  return { hold: (inputs, signal) => hold(inputs, cache, signal) };
}

async function hold(inputs: readonly Input[], cache: Cache, signal: AbortSignal) {
  const held: Entry[] = [];
  const release = (): void => held.splice(0).forEach((entry) => void (entry.holds -= 1));
  try {
    for (const input of inputs) held.push(await holdOne(input, cache, signal));
  } catch (error) {
    release();
    throw error;
  }
  const files = inputs.map(({ name, sha256 }) => ({ name, path: join(cache.folder, sha256) }));
  return { files, [Symbol.dispose]: release };
}

async function holdOne(input: Input, cache: Cache, signal: AbortSignal): Promise<Entry> {
  const { sha256, bytes } = input;
  while (cache.downloads.has(sha256)) await cache.downloads.get(sha256)!.catch(() => {});
  signal.throwIfAborted();
  const present = cache.entries.get(sha256);
  if (present && present.bytes !== bytes) throw wrongSize(input, present.bytes);
  const entry = present ?? { bytes, usedAt: Date.now(), holds: 0 };
  // Held before anything is awaited: another task's eviction must not take it.
  entry.holds += 1;
  entry.usedAt = Date.now();
  if (present) await utimes(join(cache.folder, sha256), new Date(), new Date());
  else await download(input, entry, cache, signal);
  return entry;
}

async function download(input: Input, entry: Entry, cache: Cache, signal: AbortSignal): Promise<void> {
  const { sha256 } = input;
  // Counts against the quota from here on, so that downloads side by side cannot overrun it.
  cache.entries.set(sha256, entry);
  const work = makeRoom(cache).then(() => fetchFile(input, cache, signal));
  cache.downloads.set(sha256, work);
  try {
    await work;
  } catch (error) {
    cache.entries.delete(sha256);
    throw error;
  } finally {
    cache.downloads.delete(sha256);
  }
}

async function fetchFile(input: Input, { folder, blobs }: Cache, signal: AbortSignal): Promise<void> {
  const part = join(folder, `${input.sha256}.part`);
  try {
    // Open before anything comes: a stream that opens it itself may do so after it was removed.
    await using file = await open(part, "w", 0o600);
    const { bytes, body } = await blobs.get(input.sha256, signal);
    if (bytes !== undefined && bytes !== input.bytes) {
      body.destroy();
      throw wrongSize(input, bytes);
    }
    const hash = createHash("sha256");
    await pipeline(body, checked(input, hash), file.createWriteStream(), { signal });
    if (hash.digest("hex") !== input.sha256) throw new InputCorruptError(`Input ${input.name} has another sha256`);
    await rename(part, join(folder, input.sha256));
  } catch (error) {
    await rm(part, { force: true });
    throw asInputError(error, input, signal);
  }
}

/** Hashes what passes and stops as soon as it is too much; a pool may send without end. */
function checked(input: Input, hash: ReturnType<typeof createHash>) {
  return async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let bytes = 0;
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > input.bytes) throw wrongSize(input, bytes);
      hash.update(chunk);
      yield chunk;
    }
    if (bytes < input.bytes) throw wrongSize(input, bytes);
  };
}

function wrongSize({ name, sha256, bytes }: Input, actual: number): InputCorruptError {
  return new InputCorruptError(`Input ${name} has ${actual} bytes instead of ${bytes}`, {
    details: { sha256, bytes, actual },
  });
}

function asInputError(error: unknown, { name, sha256 }: Input, signal: AbortSignal): unknown {
  signal.throwIfAborted();
  const broken = error instanceof PoolUnreachableError || isBrokenStream(error);
  if (!broken) return error;
  return new InputUnavailableError(`Input ${name} could not be fetched from the pool`, {
    cause: error,
    details: { sha256 },
  });
}

function isBrokenStream(error: unknown): boolean {
  return ["ECONNRESET", "ERR_STREAM_PREMATURE_CLOSE"].includes((error as NodeJS.ErrnoException).code ?? "");
}

/** @throws CacheFullError when what is held is more than the quota */
async function makeRoom({ entries, folder, quotaBytes }: Cache): Promise<void> {
  let used = [...entries.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  const idle = [...entries].filter(([, { holds }]) => holds === 0).sort(([, a], [, b]) => a.usedAt - b.usedAt);
  const victims: string[] = [];
  for (const [sha256, { bytes }] of idle) {
    if (used <= quotaBytes) break;
    entries.delete(sha256);
    victims.push(sha256);
    used -= bytes;
  }
  await Promise.all(victims.map((sha256) => rm(join(folder, sha256), { force: true })));
  if (used > quotaBytes) {
    throw new CacheFullError("The inputs of the running tasks fill the input cache", {
      details: { used, quotaBytes },
      hint: "Raise GRIDMILL_CACHE_MIB",
    });
  }
}

async function entriesIn(folder: string): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (!Sha256Schema.safeParse(name).success) await rm(path, { force: true });
    else {
      const { size, mtimeMs } = await stat(path);
      entries.set(name, { bytes: size, usedAt: mtimeMs, holds: 0 });
    }
  }
  return entries;
}
