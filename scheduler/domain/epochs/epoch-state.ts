import { IllegalMoveError } from "../../../protocol/errors.ts";
import type { Address, Hash, Hex } from "../../../protocol/primitives.ts";

/**
 * Every move an epoch of a lane may make. A lane has one epoch at a time.
 *
 * - `balloting`  workers are asked for ballots
 * - `sealing`    the leaves are on their way to the chain
 * - `opening`    sealed and confirmed: workers check their leaf and open, outputs are uploaded and verified
 * - `settling`   the settle is on its way to the chain
 * - `settled`    everybody is paid; terminal
 * - `abandoned`  no ballots came, or the window to settle passed; terminal
 */
const MOVES = {
  balloting: ["sealing", "abandoned"],
  sealing: ["opening", "abandoned"],
  opening: ["settling", "abandoned"],
  settling: ["settled", "abandoned"],
  settled: [],
  abandoned: [],
} as const satisfies Record<string, readonly string[]>;

export type EpochState = keyof typeof MOVES;
export const EPOCH_STATES = Object.keys(MOVES) as readonly EpochState[];

/** A task of an epoch; `byKept` where its kept votes decide it and nobody is asked for more. */
export type EpochTask = {
  readonly taskId: Hash;
  readonly dealId: Hash;
  readonly index: number;
  readonly byKept?: boolean;
};

/** A ballot as a worker signed it; `votes` in task order. */
export type SignedBallot = {
  readonly worker: Address;
  readonly sealBy: number;
  readonly votes: readonly { readonly taskId: Hash; readonly seal: Hash }[];
  readonly signature: Hex;
};

/** What a worker opened: its secret and the digest of each vote that fits its seal. */
export type Opening = {
  readonly secret: Hash;
  readonly digests: Readonly<Record<Hash, Hash>>;
};

/** One epoch of a lane, whole. Times are Unix seconds of the chain. */
export type EpochRecord = {
  readonly lane: number;
  readonly epoch: number;
  readonly state: EpochState;
  readonly revision: number;
  /** In task order. */
  readonly tasks: readonly EpochTask[];
  /** For each worker asked, the tasks it was asked to vote on. */
  readonly asked: Readonly<Record<Address, readonly Hash[]>>;
  /** Ballots are awaited until then. */
  readonly ballotsUntil: number;
  /** When the workers were last asked or told. */
  readonly askedAt?: number;
  /** Ascending by worker, fixed when the epoch is sealed. */
  readonly ballots: readonly SignedBallot[];
  readonly leaves: readonly Hash[];
  readonly sealedAt?: number;
  /** Openings and uploads are awaited until then. */
  readonly openUntil?: number;
  /** Who was asked last to upload a task's output, and when. */
  readonly uploads: Readonly<Record<Hash, { readonly worker: Address; readonly at: number }>>;
  /** What became of it, in words. */
  readonly note?: string;
  /** When it began, and when it came into its state: Unix milliseconds of the pool's clock, which its store writes. */
  readonly begunAt?: number;
  readonly since?: number;
};

/** What is said of an epoch whose seal is on no branch any more, and of its tasks. */
export const SEAL_LOST = "a reorganisation removed its seal for good";

export function isOver(state: EpochState): boolean {
  return MOVES[state].length === 0;
}

/** @throws IllegalMoveError when the table does not list the move */
export function moveEpoch(record: EpochRecord, to: EpochState, patch: Partial<EpochRecord> = {}): EpochRecord {
  const { lane, epoch, state: from } = record;
  if (!(MOVES[from] as readonly EpochState[]).includes(to)) {
    throw new IllegalMoveError(`Epoch ${epoch} of lane ${lane} cannot go from ${from} to ${to}`, {
      details: { lane, epoch, from, to },
    });
  }
  return { ...record, ...patch, state: to };
}
