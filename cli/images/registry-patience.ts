import { setTimeout as sleep } from "node:timers/promises";

/** Between two tries, in milliseconds. */
const PAUSES_MS = [250, 500, 1_000];

/** A registry's own fault, as the engine words it. A registry that is not there says nothing of the kind. */
const STUMBLED = /unexpected HTTP status: 5\d\d/;

/**
 * Does something with a registry, and again when the registry stumbles: one that is pushed to by several at once answers
 * 5xx for moments, since it writes its links in place. Anything else that goes wrong is thrown at once.
 */
export async function withRegistryPatience<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  for (const pauseMs of PAUSES_MS) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Error && STUMBLED.test(error.message))) throw error;
    }
    await sleep(pauseMs);
    signal?.throwIfAborted();
  }
  return await work();
}
