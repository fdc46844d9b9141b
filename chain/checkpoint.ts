import { z } from "zod";

import { HashSchema, ZERO_HASH } from "../protocol/primitives.ts";

const HandledBlockSchema = z.strictObject({ block: z.int().min(-1), hash: HashSchema });

/** How a store reads back what it saved. */
export const CheckpointSchema = HandledBlockSchema.extend({
  trail: z.array(HandledBlockSchema),
  begun: HandledBlockSchema.optional(),
});

/** A block whose events, and those of all before it, were handled. A hash of zero: none yet, on every branch. */
export type HandledBlock = Readonly<z.output<typeof HandledBlockSchema>>;

/**
 * How far the watcher is. `trail` has earlier such blocks, newest first and ever sparser, so that after a reorganisation
 * the last common one can be found. `begun` is the last block of a round that was not finished: some of its events may
 * have been handled, and have to be forgotten if they are not there when it is read again.
 */
export type Checkpoint = HandledBlock & {
  readonly trail: readonly HandledBlock[];
  readonly begun?: HandledBlock | undefined;
};

/** Remembers the checkpoint of one watcher; over restarts, where money depends on it. */
export interface CheckpointStore {
  /** Undefined before the first save. */
  load(): Promise<Checkpoint | undefined>;
  save(checkpoint: Checkpoint): Promise<void>;
}

/** The checkpoint after `next`. Of the blocks that lie 1, 2-3, 4-7, 8-15 … back, the trail keeps the oldest of each span. */
export function advance(previous: Checkpoint, next: HandledBlock): Checkpoint {
  const earlier = [previous, ...previous.trail];
  const spans = new Map<number, HandledBlock>();
  for (const { block, hash } of earlier) {
    if (hash !== ZERO_HASH) spans.set(Math.floor(Math.log2(next.block - block)), { block, hash });
  }
  return { block: next.block, hash: next.hash, trail: [...spans.values()] };
}
