import { setTimeout as sleep } from "node:timers/promises";

/** What a service may take to end once none of its own work holds it up any more, in milliseconds. */
export const STOP_MS = 10_000;

/**
 * Waits for a service to end, but not for ever: a store, a node or an engine that it still wants to tell something may be
 * gone for good. Whatever a service knows is kept before it matters, so its process may end at any point.
 * @returns false when it has not ended in time: then `process.exit` has to
 */
export async function endsInTime(stopping: Promise<void>, ms = STOP_MS): Promise<boolean> {
  const patience = new AbortController();
  const over = sleep(ms, false, { signal: patience.signal }).catch(() => false);
  try {
    return await Promise.race([stopping.then(() => true), over]);
  } finally {
    patience.abort();
  }
}

/** What the log says when a service could not end in time. */
export const NOT_IN_TIME =
  "ended without waiting any longer for what does not answer; the next start goes on from the store";
