import { setTimeout as sleep } from "node:timers/promises";

/** Does `work` again and again, `pauseMs` after each end, until `signal` aborts; what it throws goes to `onError`. */
export async function repeat(
  pauseMs: number,
  work: () => Promise<void>,
  onError: (error: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await work().catch(onError);
    await sleep(pauseMs, undefined, { signal }).catch(() => {});
  }
}
