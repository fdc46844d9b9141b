import { createHash } from "node:crypto";
import type { Hash as Sha256 } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readFile, readdir, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";

import { extract } from "tar-stream";
import type { Extract, Header } from "tar-stream";

import { MIB } from "../../protocol/constants.ts";
import {
  CALLBACK_FILE,
  callbackDigest,
  digestOf,
  isCallbackManifest,
  isOutputPath,
  parseManifest,
} from "../../protocol/digest.ts";
import type { OutputFile } from "../../protocol/digest.ts";
import type { Hash } from "../../protocol/primitives.ts";

import { OutputExistsError, ResultMismatchError } from "../errors.ts";
import type { ResultDownload } from "../tasks.ts";

/** A result on disk, every byte of it checked. */
type SavedResult = {
  /** The folder of the output files; the manifest lies beside it. */
  readonly out: string;
  readonly manifest: string;
  readonly digest: Hash;
  readonly exitCode: number;
  readonly files: readonly OutputFile[];
};

const MAX_MANIFEST_BYTES = 64 * MIB;
const OUTPUT = "output/";

/**
 * Unpacks a result into `folder`: the file `manifest` and the folder `output`. Nothing stands under that name before
 * everything is checked: the manifest against the digest on chain, each file against the manifest. Links, devices, paths
 * that lead out and files that the manifest does not name are refused, not skipped. Where a contract was called back the
 * digest is that of the file `callback`, which is then all that there is.
 * @throws ResultMismatchError | OutputExistsError
 */
export async function saveResult(download: ResultDownload, folder: string): Promise<SavedResult> {
  await requireFree(folder);
  await mkdir(dirname(folder), { recursive: true });
  const draft = await mkdtemp(`${folder}.part-`);
  try {
    const saved = await unpack(download, draft);
    await rmdir(folder).catch(() => {}); // an empty one may be there
    await rename(draft, folder);
    return { ...saved, out: join(folder, "output") };
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (error instanceof ResultMismatchError) throw error;
    throw mismatch(`The result of task ${download.taskId} cannot be unpacked: ${(error as Error).message}`, error);
  }
}

/**
 * What an earlier {@link saveResult} has put there: whole, since nothing stands under that name before everything is checked.
 * What one that was killed has left beside it goes.
 * @returns undefined when the folder is missing, or holds anything but this result
 */
export async function savedResult(digest: Hash, folder: string): Promise<SavedResult | undefined> {
  const [place, name] = [dirname(folder), basename(folder)];
  const beside = await readdir(place).catch(() => []);
  const drafts = beside.filter((entry) => entry.startsWith(`${name}.part-`));
  await Promise.all(drafts.map((draft) => rm(join(place, draft), { recursive: true, force: true })));
  const text = await readFile(join(folder, "manifest"), "utf8").catch(() => undefined);
  const parsed = text === undefined || digestOf(text) !== digest ? undefined : parseManifest(text);
  return parsed && { out: join(folder, "output"), manifest: text!, digest, ...parsed };
}

/** @throws OutputExistsError unless the folder is missing or empty */
export async function requireFree(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw new OutputExistsError(`${folder} is not a folder to write to: ${error.message}`, {
      cause: error,
      hint: "Choose another with --out",
    });
  });
  if (entries.length === 0) return;
  throw new OutputExistsError(`${folder} is not empty: nothing in it is overwritten`, {
    hint: "Choose another folder with --out, or empty this one",
  });
}

/** What an entry of a tar holds. */
type Body = Extract extends AsyncIterable<infer Entry> ? Entry : never;

type Unpacked = Omit<SavedResult, "out">;

async function unpack({ blob, digest, kind }: ResultDownload, folder: string): Promise<Unpacked> {
  const archive = extract();
  const source = Readable.fromWeb(blob as NodeReadableStream<Uint8Array>);
  const feeding = pipeline(source, archive);
  feeding.catch(() => {}); // the loop below meets the same error
  let manifest: Manifest | undefined;
  for await (const entry of archive) {
    if (!manifest) manifest = await readManifest(entry.header, entry, { digest, kind });
    else await saveFile(manifest, entry.header, entry, folder);
  }
  await feeding;
  if (!manifest) throw mismatch("The result is empty: it has not even a manifest");
  requireComplete(manifest);
  if (kind === "callback") {
    requireDigest("answer", callbackDigest(await readFile(join(folder, OUTPUT, CALLBACK_FILE))), digest);
  }
  await mkdir(join(folder, "output"), { recursive: true });
  await writeFile(join(folder, "manifest"), manifest.text);
  return { manifest: manifest.text, digest, exitCode: manifest.exitCode, files: manifest.files };
}

type Manifest = {
  readonly text: string;
  readonly files: readonly OutputFile[];
  readonly exitCode: number;
  /** Those that have not come yet. */
  readonly awaited: Map<string, OutputFile>;
};

async function readManifest(header: Header, body: Body, settled: Settled): Promise<Manifest> {
  if (header.name !== "manifest" || header.type !== "file" || header.size > MAX_MANIFEST_BYTES) {
    throw mismatch(`The result begins with ${header.name} instead of a manifest`);
  }
  const text = (await buffer(hashed(body, createHash("sha256")))).toString("utf8");
  const parsed = parseManifest(text);
  if (!parsed) throw mismatch("The result's manifest cannot be read");
  checkManifest(text, parsed, settled);
  return { text, ...parsed, awaited: new Map(parsed.files.map((file) => [file.path, file])) };
}

/** What was settled on chain, and what it stands for. */
type Settled = Pick<ResultDownload, "digest" | "kind">;

function checkManifest(text: string, parsed: Parameters<typeof isCallbackManifest>[0], settled: Settled): void {
  if (settled.kind === "callback") {
    if (isCallbackManifest(parsed)) return;
    throw mismatch("The manifest is not that of an answer for a contract, which is one file");
  }
  requireDigest("manifest", digestOf(text), settled.digest);
}

/** @throws ResultMismatchError */
function requireDigest(what: string, found: Hash, digest: Hash): void {
  if (found === digest) return;
  throw mismatch(`The ${what} is not the one that was settled: its digest is ${found}, on chain stands ${digest}`);
}

async function saveFile(manifest: Manifest, header: Header, body: Body, folder: string): Promise<void> {
  const path = header.name.startsWith(OUTPUT) ? header.name.slice(OUTPUT.length) : "";
  const wanted = manifest.awaited.get(path);
  if (header.type !== "file" || !wanted || !isOutputPath(path) || header.size !== wanted.bytes) {
    throw mismatch(`The result holds ${header.name} (${header.type}), which its manifest does not name so`);
  }
  const target = join(folder, OUTPUT, path);
  await mkdir(dirname(target), { recursive: true });
  const hash = createHash("sha256");
  // "wx": a name that exists, by whatever trick of upper and lower case, is not written through
  await pipeline(hashed(body, hash), createWriteStream(target, { flags: "wx", mode: 0o644 }));
  if (hash.digest("hex") !== wanted.sha256) throw mismatch(`The file ${path} is not the one that its manifest names`);
  manifest.awaited.delete(path);
}

function requireComplete({ awaited }: Manifest): void {
  const [missing] = awaited.keys();
  if (missing !== undefined) throw mismatch(`The result lacks ${missing}, which its manifest names`);
}

/** Read by hand: a pipeline does not notice when a stream of tar-stream breaks off in the middle. */
async function* hashed(body: Body, hash: Sha256): AsyncGenerator<Uint8Array> {
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    hash.update(chunk);
    yield chunk;
  }
}

function mismatch(message: string, cause?: unknown): ResultMismatchError {
  return new ResultMismatchError(message, {
    cause,
    hint: "Fetch it again; if it stays so, the pool cheats: choose another with --pool",
  });
}
