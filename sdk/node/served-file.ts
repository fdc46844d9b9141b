import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { pipeline } from "node:stream/promises";

import { BadInputError, GridmillError } from "../../protocol/errors.ts";

import { DatasetUnreachableError } from "../errors.ts";

/**
 * Reads what a URL serves to its end, as a pool will.
 * @throws DatasetUnreachableError, BadInputError when it is not the file of this sha256
 */
export async function requireServed(url: string, sha256: string, signal: AbortSignal): Promise<void> {
  const hash = createHash("sha256");
  try {
    const answer = await fetch(url, { signal });
    if (!answer.ok || !answer.body) throw unreachable(url, `HTTP ${answer.status}`);
    await pipeline(Readable.fromWeb(answer.body as ReadableStream), hash);
  } catch (cause) {
    signal.throwIfAborted();
    throw cause instanceof GridmillError ? cause : unreachable(url, (cause as Error).message, cause);
  }
  if (hash.digest("hex") === sha256) return;
  throw new BadInputError(`${url} serves another file than the one given`, {
    hint: "Put exactly that file there first: what is registered never changes",
  });
}

function unreachable(url: string, why: string, cause?: unknown): DatasetUnreachableError {
  return new DatasetUnreachableError(`The dataset cannot be fetched from ${url}: ${why}`, {
    cause,
    hint: "Put the file where every pool can fetch it, and give that URL",
  });
}
