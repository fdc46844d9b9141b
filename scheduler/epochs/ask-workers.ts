import type { Address } from "../../protocol/primitives.ts";
import type { EpochRecord } from "../domain/epoch-state.ts";
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

/** Says it again to those that have not answered, now and then: a message may be lost. Looks again in any case. */
export async function remind(
  pool: PoolContext,
  record: EpochRecord,
  again: () => Promise<void>,
  lookMs: number,
): Promise<{ readonly inMs: number }> {
  const askedAt = pool.chain.now();
  const isDue = askedAt >= (record.askedAt ?? 0) + REMIND_SECONDS;
  if (isDue && (await pool.epochs.put(record, { ...record, askedAt }))) await again();
  return { inMs: lookMs };
}
