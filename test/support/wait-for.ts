import { setTimeout as sleep } from "node:timers/promises";

export type WaitOptions = {
  /** Default 10 s. */
  readonly timeoutMs?: number;
  /** Default 50 ms. */
  readonly everyMs?: number;
};

type Found<T> = Exclude<T, undefined | null | false>;
type Look<T> = { readonly found: Found<T> } | { readonly instead: unknown };

/**
 * Looks until `condition` gives something other than undefined, null or false, and returns that.
 * An error it throws counts as "not yet"; what the last look gave instead is the cause when time is up.
 */
export async function waitFor<T>(
  what: string,
  condition: () => Promise<T> | T,
  { timeoutMs = 10_000, everyMs = 50 }: WaitOptions = {},
): Promise<Found<T>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const look = await lookOnce(condition);
    if ("found" in look) return look.found;
    if (performance.now() >= deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`, { cause: look.instead });
    await sleep(everyMs);
  }
}

async function lookOnce<T>(condition: () => Promise<T> | T): Promise<Look<T>> {
  try {
    const given = await condition();
    const isThere = given !== undefined && given !== null && given !== false;
    return isThere ? { found: given as Found<T> } : { instead: given };
  } catch (error) {
    return { instead: error };
  }
}
