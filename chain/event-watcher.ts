import type { Hash } from "../protocol/primitives.ts";
import type { EventSource } from "./event-source.ts";
import type { GridEvent } from "./events.ts";

/** A block whose events, and those of all before it, were handled. */
export type HandledBlock = { readonly block: number; readonly hash: Hash };

/**
 * How far the watcher is. `trail` has earlier such blocks, newest first and ever sparser, so that after a reorganisation
 * the last common one can be found.
 */
export type Checkpoint = HandledBlock & { readonly trail: readonly HandledBlock[] };

/** Remembers the checkpoint of one watcher; over restarts, where money depends on it. */
export interface CheckpointStore {
  /** Undefined before the first save. */
  load(): Promise<Checkpoint | undefined>;
  save(checkpoint: Checkpoint): Promise<void>;
}

export type WatcherOptions = {
  readonly source: EventSource;
  readonly checkpoint: CheckpointStore;
  /** Where to begin when there is no checkpoint: the block of the deployment. */
  readonly startBlock: number;
  /** Must be idempotent: events since the last checkpoint come again after a crash, an error or a reorganisation. */
  readonly onEvent: (event: GridEvent) => Promise<void>;
  /**
   * Blocks above `toBlock` were replaced: forget what came from them. Their successors' events follow. Must be
   * idempotent as well. With confirmations this happens only when a reorganisation goes deeper than those.
   */
  readonly onRewind: (toBlock: number) => Promise<void>;
  /**
   * Gets an event that can never be handled: its handler threw an error that is not retryable, or a foreign one
   * `attempts` times. Must put it where somebody finds it; the watcher goes on with the next, unless this throws too.
   */
  readonly onPoison: (event: GridEvent, error: unknown) => Promise<void>;
  /** Called for every failed round. The watcher goes on. */
  readonly onError: (error: unknown) => void;
  /** Called after each round that moved: the block handled last, and the head. For metrics. */
  readonly onProgress?: (block: number, head: number) => void;
  /** Blocks below the head that are treated as not yet final. */
  readonly confirmations: number;
  /** Default 2,000. */
  readonly maxBlocksPerRound?: number;
  /** Pause between two looks at the head. Default 1,000 ms. */
  readonly pollMs?: number;
  /** How often an event is tried whose handler throws something that is no GridmillError. Default 5. */
  readonly attempts?: number;
};

/** Delivers every confirmed event in order, at least once. Returns when `signal` aborts. */
export async function watchEvents(options: WatcherOptions, signal: AbortSignal): Promise<void> {
  throw new Error(`being written: ${options.confirmations} ${signal.aborted}`);
}

/** What is needed to follow the newest blocks. */
export type HeadWatcherOptions = Pick<WatcherOptions, "source" | "onEvent" | "onRewind" | "onError" | "pollMs">;

/**
 * Delivers the events of new blocks as soon as they appear, from now on, for what is only shown. Remembers nothing over
 * a restart and skips an event whose handler throws. Returns when `signal` aborts.
 */
export async function watchHead(options: HeadWatcherOptions, signal: AbortSignal): Promise<void> {
  throw new Error(`being written: ${options.pollMs} ${signal.aborted}`);
}
