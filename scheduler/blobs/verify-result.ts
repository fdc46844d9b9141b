import { createHash } from "node:crypto";
import type { Readable } from "node:stream";

import { extract } from "tar-stream";

import { MIB } from "../../protocol/constants.ts";
import { callbackDigest, digestOf, isCallbackManifest, parseManifest } from "../../protocol/digest.ts";
import type { OutputFile, ResultKind } from "../../protocol/digest.ts";
import type { Hash } from "../../protocol/primitives.ts";
import { ResultCorruptError } from "../errors.ts";

/** An entry of the archive: its header, and its bytes as a stream. */
type TarEntry = Readable & { readonly header: { readonly name: string; readonly size: number } };

/** A manifest beyond this is refused before it is held in memory, in bytes. */
const MAX_MANIFEST_BYTES = 64 * MIB;

/**
 * Reads a result blob (tar: `manifest`, then `output/<path>`) once and checks every byte of it against the digest that the
 * workers agreed on. Nothing is paid that has not passed here.
 * @throws ResultCorruptError
 */
export async function verifyResult(blob: Readable, digest: Hash, kind: ResultKind): Promise<void> {
  if (kind === "callback") return void (await readCallback(blob, digest));
  await readBlob(blob, (text) => {
    if (digestOf(text) !== digest) throw corrupt("its manifest does not hash to the agreed digest");
  });
}

/**
 * The same for the result of a task whose digest covers the answer for a contract, and that alone; returns the answer.
 * @throws ResultCorruptError
 */
export async function readCallback(blob: Readable, digest: Hash): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  const checkManifest = (_text: string, manifest: Manifest): void => {
    if (!isCallbackManifest(manifest)) throw corrupt("its manifest is not that of an answer for a contract");
  };
  await readBlob(blob, checkManifest, (chunk) => chunks.push(chunk));
  const data = Buffer.concat(chunks);
  if (callbackDigest(data) !== digest) throw corrupt("its answer does not hash to the agreed digest");
  return data;
}

type Manifest = NonNullable<ReturnType<typeof parseManifest>>;

async function readBlob(
  blob: Readable,
  checkManifest: (text: string, manifest: Manifest) => void,
  onChunk?: (chunk: Buffer) => void,
): Promise<void> {
  const entries = extract();
  blob.on("error", (error) => entries.destroy(error)).pipe(entries);
  let expected: OutputFile[] | undefined;
  for await (const entry of entries as AsyncIterable<TarEntry>) {
    if (!expected) {
      const text = await readManifest(entry.header.name, entry);
      const manifest = parseManifest(text);
      if (!manifest) throw corrupt("its manifest cannot be read");
      checkManifest(text, manifest);
      expected = [...manifest.files];
    } else {
      // Before its bytes are taken: what is kept of them is bounded by the manifest.
      checkSize(entry.header, expected[0]);
      checkFile(await fileOf(entry.header.name, entry, onChunk), expected.shift());
    }
  }
  if (!expected || expected.length > 0) throw corrupt("it ends before the last file of its manifest");
}

async function readManifest(name: string, entry: Readable): Promise<string> {
  if (name !== "manifest") throw corrupt(`it begins with ${JSON.stringify(name)} instead of its manifest`);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of entry as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_MANIFEST_BYTES) throw corrupt("its manifest is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function fileOf(name: string, entry: Readable, onChunk?: (chunk: Buffer) => void): Promise<OutputFile> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of entry as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    hash.update(chunk);
    onChunk?.(chunk);
  }
  return { path: name, bytes, sha256: hash.digest("hex") };
}

function checkSize({ name, size }: TarEntry["header"], expected: OutputFile | undefined): void {
  if (size !== expected?.bytes) throw corrupt(`${JSON.stringify(name)} is not as long as its manifest says`);
}

function checkFile(actual: OutputFile, expected: OutputFile | undefined): void {
  const same =
    expected !== undefined &&
    actual.path === `output/${expected.path}` &&
    actual.bytes === expected.bytes &&
    actual.sha256 === expected.sha256;
  if (!same) throw corrupt(`${JSON.stringify(actual.path)} is not what its manifest says`);
}

function corrupt(why: string): ResultCorruptError {
  return new ResultCorruptError(`The result cannot be accepted: ${why}`);
}
