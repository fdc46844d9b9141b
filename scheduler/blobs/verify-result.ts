import { createHash } from "node:crypto";
import type { Readable } from "node:stream";

import { extract } from "tar-stream";

import { digestOf, parseManifest } from "../../protocol/digest.ts";
import type { OutputFile } from "../../protocol/digest.ts";
import type { Hash } from "../../protocol/primitives.ts";
import { ResultCorruptError } from "../errors.ts";

/** An entry of the archive: its header, and its bytes as a stream. */
type TarEntry = Readable & { readonly header: { readonly name: string } };

/** A manifest beyond this is refused before it is held in memory, in bytes. */
const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;

/**
 * Reads a result blob (tar: `manifest`, then `output/<path>`) once and checks every byte of it against the digest that the
 * workers agreed on. Nothing is paid that has not passed here.
 * @throws ResultCorruptError
 */
export async function verifyResult(blob: Readable, digest: Hash): Promise<void> {
  const entries = extract();
  blob.on("error", (error) => entries.destroy(error)).pipe(entries);
  let expected: OutputFile[] | undefined;
  for await (const entry of entries as AsyncIterable<TarEntry>) {
    if (!expected) {
      expected = [...(await readManifest(entry.header.name, entry, digest))];
    } else {
      checkFile(await fileOf(entry.header.name, entry), expected.shift());
    }
  }
  if (!expected || expected.length > 0) throw corrupt("it ends before the last file of its manifest");
}

async function readManifest(name: string, entry: Readable, digest: Hash): Promise<readonly OutputFile[]> {
  if (name !== "manifest") throw corrupt(`it begins with ${JSON.stringify(name)} instead of its manifest`);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of entry as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_MANIFEST_BYTES) throw corrupt("its manifest is too large");
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  if (digestOf(text) !== digest) throw corrupt("its manifest does not hash to the agreed digest");
  const manifest = parseManifest(text);
  if (!manifest) throw corrupt("its manifest cannot be read");
  return manifest.files;
}

async function fileOf(name: string, entry: Readable): Promise<OutputFile> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of entry as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    hash.update(chunk);
  }
  return { path: name, bytes, sha256: hash.digest("hex") };
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
