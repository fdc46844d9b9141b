import type { Checkpoint, CheckpointStore } from "../../../chain/checkpoint.ts";

/** A checkpoint that ends with the process. */
export function createMemoryCheckpoint(initial?: Checkpoint): CheckpointStore {
  let current = initial;
  return {
    load: async () => current,
    save: async (checkpoint) => {
      current = checkpoint;
    },
  };
}
