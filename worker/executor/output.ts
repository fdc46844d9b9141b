import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import type Docker from "dockerode";
import { extract, type Extract, type Header } from "tar-stream";

import { MIB } from "../../protocol/constants.ts";
import { isOutputPath, type FailReason, type OutputFile } from "../../protocol/digest.ts";
import { OUTPUT_DIR } from "./container-spec.ts";
import { ask, engineError, onDisk } from "./engine.ts";
import { EngineUnreachableError } from "./errors.ts";
import { maxFiles } from "./loop-device.ts";

type Entry = Extract extends AsyncIterable<infer Each> ? Each : never;

/** A file of the output, copied to `spoolPath` on this machine. */
export type SpooledFile = OutputFile & { readonly spoolPath: string };

type OutputFault = FailReason & ("disk" | "output-name" | "output-kind");

type Collected =
  | { readonly kind: "files"; readonly files: readonly SpooledFile[] }
  | { readonly kind: "failed"; readonly reason: OutputFault };

/** How the walk says that it need not go on; it never leaves this file. */
class BadOutput extends Error {
  readonly reason: OutputFault;

  constructor(reason: OutputFault) {
    super(reason);
    this.reason = reason;
  }
}

/**
 * Copies the output folder of an ended container into `spoolDir`, as the engine streams it: in the order of its names,
 * so that the first fault is the same on every machine. Nothing in it is ever opened by the task's own name.
 * Sockets are no files and the engine leaves them out.
 * @throws EngineUnreachableError | DiskFullError
 */
export async function collectOutput(
  container: Docker.Container,
  spoolDir: string,
  diskMiB: number,
): Promise<Collected> {
  const archive = (await ask("read the output", () => container.getArchive({ path: OUTPUT_DIR }))) as Readable;
  try {
    return { kind: "files", files: await onDisk("collect the output", () => walk(archive, spoolDir, diskMiB)) };
  } catch (error) {
    if (error instanceof BadOutput) return { kind: "failed", reason: error.reason };
    throw error;
  } finally {
    archive.destroy();
  }
}

async function walk(archive: Readable, spoolDir: string, diskMiB: number): Promise<SpooledFile[]> {
  await mkdir(spoolDir, { recursive: true });
  const entries = extract();
  // An archive that breaks off ends the loop below with its error.
  archive.on("error", (error) => entries.destroy(engineError("read the output", error)));
  archive.on("close", () => {
    if (!archive.readableEnded) entries.destroy(new EngineUnreachableError("The engine broke off the output"));
  });
  archive.pipe(entries);
  const files: SpooledFile[] = [];
  const room = { bytes: diskMiB * MIB, entries: maxFiles(diskMiB) };
  for await (const entry of entries) {
    const path = checkEntry(entry.header, room);
    if (path === undefined) entry.resume();
    else files.push(await spool(entry, path, join(spoolDir, `${files.length}`)));
  }
  return files;
}

/** Holes cost a task nothing but would cost us their full size: sizes are counted as they read. */
function checkEntry(header: Header, room: { bytes: number; entries: number }): string | undefined {
  room.entries -= 1;
  room.bytes -= header.size;
  if (room.bytes < 0 || room.entries < 0) throw new BadOutput("disk");
  if (header.type === "directory") return undefined;
  if (header.type !== "file") throw new BadOutput("output-kind");
  // The archive is named after the folder: `output/…`.
  const path = header.name.slice(header.name.indexOf("/") + 1);
  if (!isOutputPath(path)) throw new BadOutput("output-name");
  return path;
}

async function spool(entry: Entry, path: string, spoolPath: string): Promise<SpooledFile> {
  const hash = createHash("sha256");
  const hashed = async function* (source: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
    for await (const chunk of source) {
      hash.update(chunk);
      yield chunk;
    }
  };
  await pipeline(entry as AsyncIterable<Buffer>, hashed, createWriteStream(spoolPath));
  return { path, bytes: entry.header.size, sha256: hash.digest("hex"), spoolPath };
}
