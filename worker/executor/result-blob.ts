import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";

import { pack, type Pack } from "tar-stream";

import { streamFile } from "../../chain/node/stream-file.ts";
import { parseManifest } from "../../protocol/digest.ts";
import { onDisk } from "./engine.ts";
import type { SpooledFile } from "./output.ts";

const COMMON = { mode: 0o644, uid: 0, gid: 0, mtime: new Date(0) };

/**
 * Writes a result as one file: a tar of `manifest`, then `output/<path>` in the manifest's order. Its bytes follow from
 * the manifest and the files alone.
 * @throws DiskFullError; nothing stays at `resultPath` then
 */
export async function writeResultBlob(
  resultPath: string,
  manifest: string,
  spooled: readonly SpooledFile[],
): Promise<void> {
  const archive = pack();
  const writing = pipeline(archive, createWriteStream(resultPath));
  const packing = packResult(archive, manifest, spooled).catch((error: unknown) => {
    archive.destroy();
    throw error;
  });
  try {
    await onDisk("write the result", async () => {
      const [written, packed] = await Promise.allSettled([writing, packing]);
      for (const result of [written, packed]) if (result.status === "rejected") throw result.reason;
    });
  } catch (error) {
    await rm(resultPath, { force: true });
    throw error;
  }
}

async function packResult(archive: Pack, manifest: string, spooled: readonly SpooledFile[]): Promise<void> {
  archive.entry({ ...COMMON, name: "manifest" }, manifest);
  const byPath = new Map(spooled.map((file) => [file.path, file]));
  for (const { path } of parseManifest(manifest)!.files) {
    const { spoolPath, bytes } = byPath.get(path)!;
    const entry = archive.entry({ ...COMMON, name: `output/${path}`, size: bytes });
    await pipeline(streamFile(spoolPath, bytes), entry);
  }
  archive.finalize();
}
