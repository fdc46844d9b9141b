import { GridmillError } from "../protocol/errors.ts";

/** What to do without a key. */
export const MAKE_KEY = "Make a key with gridmill account create, or set GRIDMILL_KEY";

/** Something has to be signed, and the grid was connected without a signer. */
export class NoSignerError extends GridmillError {
  readonly code = "GM_NO_SIGNER";
  readonly retryable = false;
}

/** A pool's gateway did not answer, or answered with something that no gateway says. */
export class PoolUnreachableError extends GridmillError {
  readonly code = "GM_POOL_UNREACHABLE";
  readonly retryable = true;
}

/** What was downloaded as a result is not what the digest on chain stands for, or is not a result at all. */
export class ResultMismatchError extends GridmillError {
  readonly code = "GM_RESULT_MISMATCH";
  readonly retryable = true;
}

/** A dataset is not where its owner says that it is. */
export class DatasetUnreachableError extends GridmillError {
  readonly code = "GM_DATASET_UNREACHABLE";
  readonly retryable = true;
}

/** A dataset is registered as encrypted: no pool could read it. */
export class DatasetEncryptedError extends GridmillError {
  readonly code = "GM_DATASET_ENCRYPTED";
  readonly retryable = false;
}

/** The task has no result to fetch: it is not settled yet, was refunded, or the workers agreed that it failed. */
export class NoResultError extends GridmillError {
  readonly code = "GM_NO_RESULT";
  readonly retryable = false;
}

/** The folder that a result should go to holds something already; nothing is overwritten. */
export class OutputExistsError extends GridmillError {
  readonly code = "GM_OUTPUT_EXISTS";
  readonly retryable = false;
}

/** A transaction was mined without the event that it is sent for: the contracts are not those we know. */
export class EventMissingError extends GridmillError {
  readonly code = "GM_EVENT_MISSING";
  readonly retryable = false;
}
