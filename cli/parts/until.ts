import { setTimeout as sleep } from "node:timers/promises";

type UntilOptions = {
  readonly timeoutMs: number;
  /** Pause between two looks. Default 50 ms. */
  readonly everyMs?: number;
  /** Ends the waiting early, as if the time were over. */
  readonly signal?: AbortSignal;
};

/**
 * Looks until `probe` says true; a probe that throws says "not yet".
 * @returns whether it became true in time
 */
export async function until(probe: () => boolean | Promise<boolean>, options: UntilOptions): Promise<boolean> {
  const { timeoutMs, everyMs = 50, signal } = options;
  const deadline = performance.now() + timeoutMs;
  while (!signal?.aborted) {
    if (await looksTrue(probe)) return true;
    if (performance.now() >= deadline) return false;
    await sleep(everyMs, undefined, signal ? { signal } : {}).catch(() => {});
  }
  return false;
}

async function looksTrue(probe: () => boolean | Promise<boolean>): Promise<boolean> {
  try {
    return await probe();
  } catch {
    return false;
  }
}
