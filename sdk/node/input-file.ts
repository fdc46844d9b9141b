import { createHash } from "node:crypto";
import { createReadStream, openAsBlob } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";

import { BadInputError } from "../../protocol/errors.ts";

import type { Upload } from "../request-spec.ts";

/**
 * A file of this machine as an input. Its content is read once for the hash and again for the upload; if it changes in
 * between, the pool refuses the upload by the hash.
 * @throws BadInputError when there is no such regular file
 */
export async function inputFile(path: string, name: string): Promise<Upload> {
  try {
    const info = await stat(path);
    if (!info.isFile()) throw new Error("it is no regular file");
    const hash = createHash("sha256");
    await pipeline(createReadStream(path), hash);
    return { name, sha256: hash.digest("hex"), bytes: info.size, body: await openAsBlob(path) };
  } catch (cause) {
    throw new BadInputError(`The input ${path} cannot be read: ${(cause as Error).message}`, {
      cause,
      hint: "Give the path of a file; a folder goes into one file first, with tar",
    });
  }
}
