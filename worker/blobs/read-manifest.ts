import { createReadStream } from "node:fs";
import { text } from "node:stream/consumers";

import { extract } from "tar-stream";

import { MAX_SHOWN_BYTES } from "../../protocol/messages.ts";
import { ResultGoneError } from "../errors.ts";

/** The manifest of a result blob, its first entry. @throws ResultGoneError when it is not there, or larger than a message may be */
export async function readManifest(path: string): Promise<string> {
  const blob = createReadStream(path);
  const entries = extract();
  blob.on("error", (error) => entries.destroy(error)).pipe(entries);
  try {
    for await (const entry of entries) {
      const { name, size } = entry.header;
      if (name !== "manifest" || size > MAX_SHOWN_BYTES) break;
      return await text(entry);
    }
  } catch (cause) {
    throw new ResultGoneError("The result of that vote cannot be read", { cause });
  } finally {
    blob.destroy();
    entries.destroy();
  }
  throw new ResultGoneError("The manifest of that vote is too large to be shown");
}
