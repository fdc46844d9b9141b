import { GridmillError } from "../protocol/errors.ts";

/**
 * No RPC node gave an answer, after every URL was tried and tried again. Nothing is known then: least of all that a
 * value is zero or that a transaction was not sent.
 */
export class ChainUnreachableError extends GridmillError {
  readonly code = "GM_CHAIN_UNREACHABLE";
  readonly retryable = true;
}

/** An RPC node serves another chain than the one Gridmill was deployed on. */
export class WrongChainError extends GridmillError {
  readonly code = "GM_WRONG_CHAIN";
  readonly retryable = false;
}

/** An RPC node is behind the others; it is asked nothing until it has caught up. */
export class NodeLagsError extends GridmillError {
  readonly code = "GM_NODE_LAGS";
  readonly retryable = true;
}

/** An RPC node kept events back, or told of some that are in no block; it is asked nothing for a while. */
export class NodeLiesError extends GridmillError {
  readonly code = "GM_NODE_LIES";
  readonly retryable = true;
}

/** There is no Gridmill contract at an address of the deployment, or one that answers in another shape. */
export class NotDeployedError extends GridmillError {
  readonly code = "GM_NOT_DEPLOYED";
  readonly retryable = false;
}

/** The node wants fewer blocks, or fewer events, in one question about events. The watcher splits the range. */
export class RangeRefusedError extends GridmillError {
  readonly code = "GM_RANGE_REFUSED";
  readonly retryable = true;
}

/** The node understood the question and refused it, for a reason that is neither a revert nor a failed connection. */
export class ChainRefusedError extends GridmillError {
  readonly code = "GM_CHAIN_REFUSED";
  readonly retryable = false;
}

/** A contract reverted; `details.error` names its error and `details.args` has the values. */
export class ChainRevertedError extends GridmillError {
  readonly code = "GM_CHAIN_REVERTED";
  readonly retryable = false;
}

/** The account that pays for the gas has too little of the chain's own currency. Nothing was sent. */
export class NoGasMoneyError extends GridmillError {
  readonly code = "GM_NO_GAS_MONEY";
  readonly retryable = true;
}

/** Gas costs more now than may be paid for it. Nothing was sent; what was sent before is not replaced by what pays more. */
export class FeesTooHighError extends GridmillError {
  readonly code = "GM_FEES_TOO_HIGH";
  readonly retryable = true;
}

/**
 * Another program used the key, and with it the nonce of this transaction, which therefore can never be mined.
 * The journal has forgotten it: the same intent may be sent again.
 */
export class NonceTakenError extends GridmillError {
  readonly code = "GM_NONCE_TAKEN";
  readonly retryable = true;
}

/** A file of ours (journal or checkpoint) is not what we wrote. */
export class StateFileError extends GridmillError {
  readonly code = "GM_STATE_FILE";
  readonly retryable = false;
}

/** A key or its keystore cannot be read, or the passphrase is not its own. */
export class BadKeyError extends GridmillError {
  readonly code = "GM_BAD_KEY";
  readonly retryable = false;
}

/** The sender of a transaction is not the owner (of a pool: the operator) of what it wants to change. */
export class NotOwnerError extends GridmillError {
  readonly code = "GM_NOT_OWNER";
  readonly retryable = false;
}

/** The contract does this only after a time that has not come yet; `details.args` has it (Unix seconds). */
export class TooEarlyError extends GridmillError {
  readonly code = "GM_TOO_EARLY";
  readonly retryable = true;
}

/** The sender was closed while a transaction was still open. It is followed to its end after the next start. */
export class SenderClosedError extends GridmillError {
  readonly code = "GM_SENDER_CLOSED";
  readonly retryable = true;
}
