import { GridmillError } from "../../protocol/errors.ts";

/** The node that answers has not got the block yet that an event came from: what it says is older than what we know. */
export class NodeBehindError extends GridmillError {
  readonly code = "GM_NODE_BEHIND";
  readonly retryable = true;
}
