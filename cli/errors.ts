import { GridmillError } from "../protocol/errors.ts";

/** The command line itself is wrong: an unknown command or option, a missing or malformed argument. */
export class UsageError extends GridmillError {
  readonly code = "GM_USAGE";
  readonly retryable = false;
}

/** Ctrl-C, or SIGTERM, before the command was done. */
export class InterruptedError extends GridmillError {
  readonly code = "GM_INTERRUPTED";
  readonly retryable = true;
}

/** A question was answered with no, or nobody is there to answer it. */
export class NotConfirmedError extends GridmillError {
  readonly code = "GM_NOT_CONFIRMED";
  readonly retryable = false;
}

/** `--network` names something that neither `gridmill up` nor `networks.json` has described. */
export class UnknownNetworkError extends GridmillError {
  readonly code = "GM_UNKNOWN_NETWORK";
  readonly retryable = false;
}

/** There is no key to sign with under this name. */
export class NoKeyError extends GridmillError {
  readonly code = "GM_NO_KEY";
  readonly retryable = false;
}

/** `account create` would overwrite a key. */
export class KeyExistsError extends GridmillError {
  readonly code = "GM_KEY_EXISTS";
  readonly retryable = false;
}

/** The passphrase does not open the keystore. */
export class WrongPassphraseError extends GridmillError {
  readonly code = "GM_WRONG_PASSPHRASE";
  readonly retryable = false;
}

/** A market already runs on this machine under the same home. */
export class AlreadyUpError extends GridmillError {
  readonly code = "GM_ALREADY_UP";
  readonly retryable = false;
}

/** The command needs the local market, and it does not run. */
export class NotUpError extends GridmillError {
  readonly code = "GM_NOT_UP";
  readonly retryable = false;
}

/** `pool start` or `worker start` for a process that runs already, or a second `app check`. */
export class AlreadyRunningError extends GridmillError {
  readonly code = "GM_ALREADY_RUNNING";
  readonly retryable = false;
}

/** The time given by `--timeout` passed before every task was settled; the deal goes on without us. */
export class TimedOutError extends GridmillError {
  readonly code = "GM_TIMED_OUT";
  readonly retryable = true;
}
