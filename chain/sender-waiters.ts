import type { Receipt } from "./intent.ts";

/** Those who wait for intents to end, by the intents' ids. */
export interface Waiters {
  /** Rejects with the signal's reason when it aborts; others who wait for the same intent go on. */
  wait(id: string, signal: AbortSignal | undefined): Promise<Receipt>;
  ids(): readonly string[];
  resolve(id: string, receipt: Receipt): void;
  reject(id: string, error: unknown): void;
}

export function createWaiters(): Waiters {
  const waiting = new Map<string, PromiseWithResolvers<Receipt>>();

  function take(id: string): PromiseWithResolvers<Receipt> | undefined {
    const waiter = waiting.get(id);
    waiting.delete(id);
    return waiter;
  }

  return {
    wait: (id, signal) => {
      const waiter = waiting.get(id) ?? Promise.withResolvers<Receipt>();
      waiter.promise.catch(() => {}); // when all who waited have left, nobody has to hear of it
      waiting.set(id, waiter);
      return signal ? orAborted(waiter.promise, signal) : waiter.promise;
    },
    ids: () => [...waiting.keys()],
    resolve: (id, receipt) => take(id)?.resolve(receipt),
    reject: (id, error) => take(id)?.reject(error),
  };
}

async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
