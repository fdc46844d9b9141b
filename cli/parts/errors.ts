import { GridmillError } from "../../protocol/errors.ts";

/** A program that a part needs is not installed. */
export class PartMissingError extends GridmillError {
  readonly code = "GM_PART_MISSING";
  readonly retryable = false;
}

/** A part ended, or gave no sign of life, before it was ready. The end of its log is in `details.log`. */
export class PartFailedError extends GridmillError {
  readonly code = "GM_PART_FAILED";
  readonly retryable = true;
}

/** What to do when a program is missing; one answer, because set-up brings them all. */
export const RUN_SETUP = "run: sh scripts/setup.sh";
