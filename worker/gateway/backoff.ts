type BackoffOptions = {
  /** Milliseconds before the first retry. */
  readonly firstMs: number;
  readonly longestMs: number;
  /** From 0 to 1; spreads the workers of a pool that comes back. */
  readonly random?: () => number;
};

/** How long to wait before the next attempt: doubles with every failure, less up to a half at random. */
export interface Backoff {
  next(): number;
  reset(): void;
}

export function createBackoff({ firstMs, longestMs, random = Math.random }: BackoffOptions): Backoff {
  let failures = 0;
  return {
    reset: () => void (failures = 0),
    next: () => {
      const whole = Math.min(longestMs, firstMs * 2 ** Math.min(failures, 30));
      failures += 1;
      return whole * (1 - random() / 2);
    },
  };
}
