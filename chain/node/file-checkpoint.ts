import type { CheckpointStore } from "../event-watcher.ts";

/** A checkpoint in a file, replaced as a whole and synced to disk. Its folder is made when missing. */
export function createFileCheckpoint(file: string): CheckpointStore {
  throw new Error(`being written: ${file}`);
}
