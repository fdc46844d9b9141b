import { GridmillError } from "../protocol/errors.ts";

/** A lease contradicts itself: its deal, its task or its image is not what its ids say. */
export class BadLeaseError extends GridmillError {
  readonly code = "GM_BAD_LEASE";
  readonly retryable = false;
}

/** The pool leased a task, or asked for a ballot, of another pool than the one this worker is connected to. */
export class OtherPoolError extends GridmillError {
  readonly code = "GM_OTHER_POOL";
  readonly retryable = false;
}

/** The chain does not know the deal as open, or the task is closed, or its deadline has passed. */
export class DealNotOpenError extends GridmillError {
  readonly code = "GM_DEAL_NOT_OPEN";
  readonly retryable = true;
}

/** The vote would stake more than the owner of this worker allows. */
export class StakeLimitError extends GridmillError {
  readonly code = "GM_STAKE_LIMIT";
  readonly retryable = false;
}

/** The worker's bond does not cover the stake of the vote. */
export class StakeUncoveredError extends GridmillError {
  readonly code = "GM_STAKE_UNCOVERED";
  readonly retryable = true;
}

/** All slots are taken, or the task needs more than the owner's share has free. */
export class NoCapacityError extends GridmillError {
  readonly code = "GM_NO_CAPACITY";
  readonly retryable = true;
}

/** The image is not on the owner's list of allowed images. */
export class ImageNotAllowedError extends GridmillError {
  readonly code = "GM_IMAGE_NOT_ALLOWED";
  readonly retryable = false;
}

/** The worker takes no new leases: it is about to stop. */
export class DrainingError extends GridmillError {
  readonly code = "GM_DRAINING";
  readonly retryable = true;
}

/** This worker is already running the task, or even the very lease. */
export class TaskRunningError extends GridmillError {
  readonly code = "GM_TASK_RUNNING";
  readonly retryable = true;
}

/** The run was stopped because the pool took its lease back or the deal's deadline passed. */
export class LeaseDroppedError extends GridmillError {
  readonly code = "GM_LEASE_DROPPED";
  readonly retryable = false;
}

/** The pool did not serve an input, or stopped in the middle of it. */
export class InputUnavailableError extends GridmillError {
  readonly code = "GM_INPUT_NOT_SERVED";
  readonly retryable = true;
}

/** An input has another size or another sha256 than the lease says. */
export class InputCorruptError extends GridmillError {
  readonly code = "GM_INPUT_CORRUPT";
  readonly retryable = true;
}

/** The inputs of the running tasks leave no room in the input cache for one more. */
export class CacheFullError extends GridmillError {
  readonly code = "GM_CACHE_FULL";
  readonly retryable = true;
}

/** None of the tasks that the pool named can go into a ballot now. */
export class NothingToVoteError extends GridmillError {
  readonly code = "GM_NOTHING_TO_VOTE";
  readonly retryable = true;
}

/** The epoch has been sealed already, so that no ballot can enter it. */
export class EpochSealedError extends GridmillError {
  readonly code = "GM_EPOCH_SEALED";
  readonly retryable = false;
}

/** An earlier ballot for the same epoch might still be sealed, so that no second one is signed. */
export class BallotStandingError extends GridmillError {
  readonly code = "GM_BALLOT_STANDING";
  readonly retryable = true;
}

/** A second, different result for a task whose vote stands; the first one holds. */
export class VoteStandsError extends GridmillError {
  readonly code = "GM_VOTE_STANDS";
  readonly retryable = false;
}

/** The result of this task is not (or no longer) on this machine. */
export class ResultGoneError extends GridmillError {
  readonly code = "GM_RESULT_GONE";
  readonly retryable = false;
}

/** A result was asked for whose vote is still sealed. */
export class NotOpenedError extends GridmillError {
  readonly code = "GM_NOT_OPENED";
  readonly retryable = true;
}

/** The pool's gateway cannot be reached, or refused the log-in or an upload. */
export class PoolUnreachableError extends GridmillError {
  readonly code = "GM_GATEWAY_UNREACHABLE";
  readonly retryable = true;
}

/** The gateway is of another chain, pool or protocol version than this worker is configured for. */
export class WrongPoolError extends GridmillError {
  readonly code = "GM_WRONG_POOL";
  readonly retryable = false;
}

/** A file of the journal cannot be read; the worker does not start, since it might vote twice. */
export class JournalCorruptError extends GridmillError {
  readonly code = "GM_JOURNAL_CORRUPT";
  readonly retryable = false;
}

/** Another worker process uses the same data folder. */
export class DataInUseError extends GridmillError {
  readonly code = "GM_DATA_IN_USE";
  readonly retryable = false;
}

/** The machine's benchmark was killed, or computed something wrong. */
export class BenchmarkError extends GridmillError {
  readonly code = "GM_BENCHMARK_FAILED";
  readonly retryable = true;
}

/** The chain was reorganised under a reading, several times in a row. */
export class ChainMovedError extends GridmillError {
  readonly code = "GM_CHAIN_MOVED";
  readonly retryable = true;
}
