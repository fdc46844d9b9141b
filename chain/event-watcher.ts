import { GridmillError } from "../protocol/errors.ts";
import { ZERO_HASH } from "../protocol/primitives.ts";
import { advance } from "./checkpoint.ts";
import type { Checkpoint, CheckpointStore, HandledBlock } from "./checkpoint.ts";
import { ChainUnreachableError } from "./errors.ts";
import type { EventSource } from "./event-source.ts";
import type { GridEvent } from "./events.ts";
import { pause } from "./pause.ts";
import { createRangeReader } from "./range-reader.ts";
import type { RangePage } from "./range-reader.ts";

export type WatcherOptions = {
  readonly source: EventSource;
  readonly checkpoint: CheckpointStore;
  /** Where to begin when there is no checkpoint: the block of the deployment. */
  readonly startBlock: number;
  /** Must be idempotent: events since the last checkpoint come again after a crash, an error or a reorganisation. */
  readonly onEvent: (event: GridEvent) => Promise<void>;
  /**
   * Blocks above `toBlock` were replaced, or may have been since a round was interrupted: forget what came from them.
   * Their successors' events follow. Must be idempotent as well. With confirmations this happens only when a
   * reorganisation goes deeper than those.
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

/** Steps through the chain; `watchEvents` keeps it going. */
export interface EventWatcher {
  /**
   * One round: reads the next blocks, delivers their events, saves the checkpoint. After an error the events that were
   * not handled come again in the next round.
   * @returns whether it reached the confirmed head
   */
  round(signal: AbortSignal): Promise<boolean>;
}

/** Longest pause between two rounds while they fail. */
const MAX_PAUSE_MS = 15_000;

/** Delivers every confirmed event in order, at least once. Returns when `signal` aborts. */
export async function watchEvents(options: WatcherOptions, signal: AbortSignal): Promise<void> {
  const { pollMs = 1_000, onError } = options;
  const watcher = createEventWatcher(options);
  let failures = 0;
  while (!signal.aborted) {
    try {
      const caughtUp = await watcher.round(signal);
      failures = 0;
      if (caughtUp) await pause(pollMs, signal);
    } catch (error) {
      onError(error);
      await pause(Math.min(MAX_PAUSE_MS, pollMs * 2 ** failures++), signal);
    }
  }
}

export function createEventWatcher(options: WatcherOptions): EventWatcher {
  const { source, checkpoint: store, startBlock, confirmations, maxBlocksPerRound = 2_000, onProgress } = options;
  const readRange = createRangeReader(source, maxBlocksPerRound);
  const handle = createHandler(options);
  const beforeAll: Checkpoint = { block: startBlock - 1, hash: ZERO_HASH, trail: [] };

  async function round(signal: AbortSignal): Promise<boolean> {
    const done = (await store.load()) ?? beforeAll;
    const head = await source.head();
    const confirmed = head - confirmations;
    if (confirmed <= done.block) return (await isUnchanged(done)) || (await rewind(done));

    // A round that was not finished is read again as it was, so that it shows whether it still is what it was.
    const page = await readRange(done.block + 1, Math.min(confirmed, done.begun?.block ?? confirmed));
    if (!continues(page, done)) return await rewind(done);
    await deliver(page, done, signal);
    onProgress?.(page.toBlock, head);
    return page.toBlock === confirmed;
  }

  async function isUnchanged({ block, hash }: Checkpoint): Promise<boolean> {
    // A node that has not got the block says nothing about it.
    return hash === ZERO_HASH || [hash, undefined].includes(await source.blockHash(block));
  }

  async function deliver(page: RangePage, done: Checkpoint, signal: AbortSignal): Promise<void> {
    const begun = { block: page.toBlock, hash: page.lastHash };
    if (page.events.length > 0) await store.save({ ...done, begun });
    const { blocksDone, stopped } = await handleAll(page.events, handle, signal);
    if (!stopped) return await store.save(advance(done, begun));
    // The blocks before the one that failed need not come again.
    if (blocksDone) await store.save({ ...advance(done, blocksDone), begun });
    if (!signal.aborted) throw stopped.error;
  }

  /** Goes back to the last block that still stands. Returns false: there is more to do at once. */
  async function rewind(done: Checkpoint): Promise<false> {
    const blocks = [done, ...done.trail].filter(({ hash }) => hash !== ZERO_HASH);
    const common = await firstAsync(blocks, async ({ block, hash }) => (await knownHash(block)) === hash);
    const { block, hash } = common ?? beforeAll;
    await options.onRewind(block);
    await store.save({ block, hash, trail: done.trail.filter((earlier) => earlier.block < block) });
    return false;
  }

  async function knownHash(block: number): Promise<string> {
    const hash = await source.blockHash(block);
    if (hash) return hash;
    throw new ChainUnreachableError(`The node has not got block ${block}, but later ones`, { details: { block } });
  }

  return { round };
}

/** Whether the page comes after what was handled, on the same branch, and is what an unfinished round began with. */
function continues(page: RangePage, { hash, begun }: Checkpoint): boolean {
  // Zero: a checkpoint before the first block that matters, on every branch.
  const isNext = hash === ZERO_HASH || page.parentHash === hash;
  return isNext && (begun === undefined || page.lastHash === begun.hash);
}

type Handled = {
  /** The last block of whose events none is left. */
  readonly blocksDone: HandledBlock | undefined;
  /** Set when an event could not be handled, or the signal came. */
  readonly stopped?: { readonly error: unknown };
};

async function handleAll(
  events: readonly GridEvent[],
  handle: (event: GridEvent) => Promise<void>,
  signal: AbortSignal,
): Promise<Handled> {
  let blocksDone: HandledBlock | undefined;
  for (const [index, event] of events.entries()) {
    const before = events[index - 1];
    if (before && before.blockNumber < event.blockNumber)
      blocksDone = { block: before.blockNumber, hash: before.blockHash };
    try {
      signal.throwIfAborted();
      await handle(event);
    } catch (error) {
      return { blocksDone, stopped: { error } };
    }
  }
  return { blocksDone };
}

/** Hands an event to `onEvent`; throws when it has to come again, and otherwise it is handled or put aside. */
function createHandler({ onEvent, onPoison, attempts = 5 }: WatcherOptions): (event: GridEvent) => Promise<void> {
  const foreignFailures = new Map<string, number>();

  function mayPass(event: GridEvent, error: unknown): boolean {
    if (error instanceof GridmillError) return error.retryable;
    // Perhaps a bug of ours, perhaps a store that is away for a moment: a few attempts tell them apart.
    const name = `${event.blockHash}:${event.logIndex}`;
    const failures = (foreignFailures.get(name) ?? 0) + 1;
    foreignFailures.set(name, failures);
    return failures < attempts;
  }

  return async (event) => {
    try {
      await onEvent(event);
    } catch (error) {
      if (mayPass(event, error)) throw error;
      await onPoison(event, error);
    }
  };
}

async function firstAsync<T>(items: readonly T[], test: (item: T) => Promise<boolean>): Promise<T | undefined> {
  for (const item of items) if (await test(item)) return item;
  return undefined;
}
