import { GridmillError } from "../protocol/errors.ts";

/** PostgreSQL does not answer, or broke the connection off. Nothing is known of what was asked; it may be asked again. */
export class DatabaseUnreachableError extends GridmillError {
  readonly code = "GM_DATABASE_UNREACHABLE";
  readonly retryable = true;
}
