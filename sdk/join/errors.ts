import { GridmillError } from "../../protocol/errors.ts";

/** The results of a deal's tasks do not fit together; `details` names the part and what is wrong with it. */
export class JoinError extends GridmillError {
  readonly code = "GM_JOIN_FAILED";
  readonly retryable = false;
}
