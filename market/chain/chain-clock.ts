import type { Clock } from "../../protocol/clock.ts";

/** The chain's time as it was last read. */
export interface ChainClock extends Clock {
  /** Reads it again; when no node answers, it throws and the old time stays. */
  refresh(): Promise<void>;
}

/** Time never goes back here, though a node that lags may say so. */
export async function createChainClock(read: () => Promise<number>): Promise<ChainClock> {
  let latest = await read();
  return {
    now: () => latest,
    async refresh() {
      latest = Math.max(latest, await read());
    },
  };
}
