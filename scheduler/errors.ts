import { GridmillError } from "../protocol/errors.ts";

/** A record changed between read and write, more often than the store was willing to try again. */
export class StaleRecordError extends GridmillError {
  readonly code = "GM_STALE_RECORD";
  readonly retryable = true;
}

/** Redis did not answer or refused a command. */
export class StoreUnreachableError extends GridmillError {
  readonly code = "GM_STORE_UNREACHABLE";
  readonly retryable = true;
}

/** The caller has not logged in, or the session has ended. */
export class NotLoggedInError extends GridmillError {
  readonly code = "GM_NOT_LOGGED_IN";
  readonly retryable = false;
}

/** The caller is logged in as somebody who may not do this. */
export class NotAllowedError extends GridmillError {
  readonly code = "GM_NOT_ALLOWED";
  readonly retryable = false;
}

/** The bytes of an upload do not hash to the name they were sent under. */
export class BlobMismatchError extends GridmillError {
  readonly code = "GM_BLOB_MISMATCH";
  readonly retryable = false;
}

/** Somebody has uploaded more than the pool keeps for one account. */
export class BlobQuotaError extends GridmillError {
  readonly code = "GM_BLOB_QUOTA";
  readonly retryable = false;
}

/** An input of a deal is not at its URL, not among the pool's blobs, or has other bytes than the params promise. */
export class InputUnavailableError extends GridmillError {
  readonly code = "GM_INPUT_UNAVAILABLE";
  readonly retryable = true;
}

/** An event that was put aside is on the chain no more: a reorganisation removed it. */
export class EventGoneError extends GridmillError {
  readonly code = "GM_EVENT_GONE";
  readonly retryable = false;
}

/** A result that a worker uploaded is not what the agreed digest stands for. */
export class ResultCorruptError extends GridmillError {
  readonly code = "GM_RESULT_CORRUPT";
  readonly retryable = false;
}

/**
 * The chain replaced blocks that were deep enough to be believed. The pool sends its transactions of those blocks again, holds what
 * had ended in them to be open until that is decided, and goes on by itself.
 */
export class ReorganisedError extends GridmillError {
  readonly code = "GM_REORGANISED";
  readonly retryable = true;
}

/** The key given to the scheduler is not the pool's operator according to the registry. */
export class NotOperatorError extends GridmillError {
  readonly code = "GM_NOT_OPERATOR";
  readonly retryable = false;
}

/** Workers that computed the same task of an app gave different answers: the pool works on nothing of it for a time. */
export class AppRefusedError extends GridmillError {
  readonly code = "GM_APP_REFUSED";
  readonly retryable = false;
}
