/** Bytes of one MiB. */
export const MIB = 1024 * 1024;
/** Seconds for which a sealed epoch may be settled; afterwards it counts as abandoned. `WINDOW` of `Hub`. */
export const SETTLE_WINDOW_SECONDS = 3_600;
/** Longest time in seconds that a ballot may wait for its seal. `OPEN` of the design. */
export const BALLOT_OPEN_SECONDS = 600;
/** Seconds between `unbond` and the bond being free. */
export const UNBONDING_SECONDS = 86_400;
/** Most votes that one task may bring into a settle. */
export const MAX_VOTES_PER_TASK = 32;
/** Most tasks of one epoch: what one worker says about all of them fits into one message (`MAX_MESSAGE_BYTES`). */
export const MAX_TASKS_PER_EPOCH = 6_000;
/** Most bytes of a callback's data. */
export const MAX_CALLBACK_BYTES = 4_096;
/** Part of the pool price, in basis points, that the pool owner stakes on each task. */
export const POOL_STAKE_BPS = 3_000n;
/** Part of the pool price, in basis points, that every settled task burns. */
export const BURN_BPS = 100n;
export const BPS = 10_000n;
/** Gas that a transaction may use (EIP-7825). */
export const TRANSACTION_GAS_CAP = 16_777_216n;
/** An epoch is closed before its settle would exceed this much gas by formula. */
export const EPOCH_GAS_LIMIT = 12_000_000n;
/** An epoch is closed before it would make more callbacks than this. */
export const EPOCH_CALLBACK_LIMIT = 40;
