import type { Address } from "../../protocol/primitives.ts";
import type { EpochRecord } from "../domain/epochs/epoch-state.ts";
import type { PoolContext } from "../actions/context.ts";

/** What the workers of an epoch are told. Asking again is harmless: a worker's first ballot stands. */

export async function askForBallots(
  pool: PoolContext,
  { lane, epoch, asked }: EpochRecord,
  workers: readonly Address[],
): Promise<void> {
  await Promise.all(
    workers.map((worker) => {
      const tasks = [...(asked[worker] ?? [])];
      return pool.messenger.send(worker, { type: "ballot?", pool: pool.config.pool, lane, epoch, tasks });
    }),
  );
}

/** Each of them checks its leaf on chain, and opens. */
export async function tellSealed(
  pool: PoolContext,
  { lane, epoch, leaves }: EpochRecord,
  workers: readonly Address[],
): Promise<void> {
  await Promise.all(
    workers.map((worker) =>
      pool.messenger.send(worker, { type: "sealed", pool: pool.config.pool, lane, epoch, leaves: [...leaves] }),
    ),
  );
}

/** How often a worker is told the same thing again, in seconds. */
const REMIND_SECONDS = 3;

/** What is said again, and how soon the answers are looked at. `extend` gives the workers more time. */
type Reminder = {
  readonly again: () => Promise<void>;
  readonly lookMs: number;
  readonly extend?: Partial<Pick<EpochRecord, "ballotsUntil" | "openUntil">>;
};

/** Says it again to those that have not answered, now and then: a message may be lost. Looks again in any case. */
export async function remind(
  pool: PoolContext,
  record: EpochRecord,
  { again, lookMs, extend = {} }: Reminder,
): Promise<{ readonly inMs: number }> {
  const askedAt = pool.chain.now();
  const isDue = askedAt >= (record.askedAt ?? 0) + REMIND_SECONDS;
  if (isDue && (await pool.epochs.put(record, { ...record, ...extend, askedAt }))) await again();
  return { inMs: lookMs };
}

/**
 * Whether the workers were last asked in the first third of the `seconds` that they had: then the pool itself was not there
 * to hear them, and their time has not run.
 */
export function nobodyListened({ askedAt = 0 }: EpochRecord, until: number, seconds: number): boolean {
  return askedAt < until - (seconds * 2) / 3;
}
