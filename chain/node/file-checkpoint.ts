import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";

import { toJson } from "../../protocol/json.ts";
import { CheckpointSchema } from "../checkpoint.ts";
import type { Checkpoint, CheckpointStore } from "../checkpoint.ts";
import { StateFileError } from "../errors.ts";
import { undefinedIfMissing } from "./system-error.ts";
import { writeFileDurably } from "./write-file.ts";

/** A checkpoint in a file, replaced as a whole and synced to disk. Its folder is made when missing. */
export function createFileCheckpoint(file: string): CheckpointStore {
  return {
    load: async () => {
      const text = await readFile(file, "utf8").catch(undefinedIfMissing);
      return text === undefined ? undefined : parse(text, file);
    },
    save: async (checkpoint) => {
      await mkdir(dirname(file), { recursive: true });
      await writeFileDurably(file, toJson(checkpoint));
    },
  };
}

function parse(text: string, file: string): Checkpoint {
  try {
    return CheckpointSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new StateFileError(`The checkpoint ${file} is damaged`, {
      cause: error,
      details: { file },
      hint: "Delete it: the events are read again from the beginning",
    });
  }
}
