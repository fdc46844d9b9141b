import { createEventWatcher } from "../../../chain/event-watcher.ts";
import type { EventWatcher, WatcherOptions } from "../../../chain/event-watcher.ts";
import { createMemoryCheckpoint } from "./memory-checkpoint.ts";
import { nameOf } from "./fake-source.ts";
import type { FakeSource } from "./fake-source.ts";

export const NEVER = new AbortController().signal;

/** A watcher that writes down what it hears: names of events, `<n` for a rewind to block n, `!name` for poison. */
export function watching(
  source: FakeSource,
  changes: Partial<WatcherOptions> = {},
): { readonly heard: string[]; readonly options: WatcherOptions; readonly watcher: EventWatcher } {
  const heard: string[] = [];
  const options: WatcherOptions = {
    source,
    checkpoint: createMemoryCheckpoint(),
    startBlock: 1,
    confirmations: 0,
    pollMs: 1,
    onEvent: async (event) => void heard.push(nameOf(event)),
    onRewind: async (block) => void heard.push(`<${block}`),
    onPoison: async (event) => void heard.push(`!${nameOf(event)}`),
    onError: () => {},
    ...changes,
  };
  return { heard, options, watcher: createEventWatcher(options) };
}

/** Rounds until the confirmed head. */
export async function catchUp(watcher: EventWatcher): Promise<void> {
  while (!(await watcher.round(NEVER)));
}
