import type { KeptState, WorkerState } from "../../chain/reader.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import type { KeptVote } from "../../protocol/settlement.ts";

/** The last epoch sealed in a lane, as one block shows it. */
export type LaneState = {
  /** Unix time of that block. */
  readonly now: number;
  /** 0 while the lane never had one. */
  readonly epoch: number;
  readonly jointHash: Hash;
  /** Unix second. */
  readonly sealedAt: number;
  readonly settled: boolean;
};

/** A lane at the head of the chain, and `confirmations` below it. What a signature hangs on is read from the latter. */
export type LaneView = { readonly head: LaneState; readonly confirmed: LaneState };

/** A task, `confirmations` below the head. `now` is the time of that block. */
export type TaskState = {
  readonly now: number;
  readonly dealOpen: boolean;
  readonly taskClosed: boolean;
};

/** What the chain keeps of a task's votes, `confirmations` below the head; of no meaning once the task is closed. */
export type KeptTask = { readonly taskClosed: boolean; readonly kept: KeptState };

/** Where a task stands on chain. */
export type TaskPlace = { readonly dealId: Hash; readonly index: number };

/** What this worker owns in the escrow, in wei. */
type Funds = { readonly available: bigint; readonly locked: bigint };

/**
 * The chain as a worker asks it. A failure of the node is thrown, never turned into an answer.
 */
export interface WorkerChain {
  laneOf(pool: bigint, lane: number): Promise<LaneView>;
  taskOf(dealId: Hash, index: number): Promise<TaskState>;
  keptOf(dealId: Hash, index: number): Promise<KeptTask>;
  /** The votes that {@link keptOf} says are kept. @throws ChainMovedError when they are not there (any more) */
  keptVotes(place: TaskPlace, kept: KeptState): Promise<readonly KeptVote[]>;
  /** Whether somebody has opened the vote with this seal on chain, at the head. */
  isOpened(seal: Hash): Promise<boolean>;
  /** At the head: what was slashed a moment ago covers nothing. */
  bondOf(worker: Address): Promise<WorkerState>;
  fundsOf(worker: Address): Promise<Funds>;
  /** The sha256 that pins an app's image, as 0x and 32 bytes; undefined where there is no such app. */
  imageDigestOf(app: bigint): Promise<Hash | undefined>;
  /** The sha256 of a dataset's bytes, as 0x and 32 bytes; undefined where there is no such dataset. */
  datasetDigestOf(dataset: bigint): Promise<Hash | undefined>;
  /** Where a pool's gateway is; undefined where there is no such pool. */
  endpointOf(pool: bigint): Promise<string | undefined>;
}
