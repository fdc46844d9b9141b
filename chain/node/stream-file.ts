import { createReadStream } from "node:fs";
import type { ReadStream } from "node:fs";

const BUFFER_BYTES = 64 * 1024;

/**
 * The first `bytes` of a file. Buffers are no larger than these: Node takes 64 KiB twice for each file however small it is, and many
 * small files then wake the collector before anything else does.
 */
export function streamFile(path: string, bytes: number): ReadStream {
  return createReadStream(path, { end: Math.max(bytes - 1, 0), highWaterMark: Math.min(bytes + 1, BUFFER_BYTES) });
}
