import { GridmillError } from "../protocol/errors.ts";

/** Most characters of a message that a refusal carries. */
const MAX_LENGTH = 1_024;

/** What a stranger may read of an error: the line we wrote, never that of a library, which may name this machine's files. */
export function publicMessage(error: unknown): string {
  return error instanceof GridmillError ? error.message.slice(0, MAX_LENGTH) : "Something unexpected went wrong here";
}
