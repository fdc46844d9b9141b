import { GridmillError } from "../../protocol/errors.ts";
import { moveEpoch } from "../domain/epoch-state.ts";
import type { EpochRecord } from "../domain/epoch-state.ts";
import { abandonEpoch } from "./abandon-epoch.ts";
import type { PoolContext } from "./context.ts";
import type { Next } from "./run-lane.ts";

/** Puts the leaves on chain, and tells the workers once that is confirmed. The intent's name makes it happen once. */
export async function sealEpoch(pool: PoolContext, record: EpochRecord): Promise<Next> {
  const { lane, epoch, leaves } = record;
  try {
    const { sealedAt } = await pool.operator.seal(lane, epoch, leaves);
    if (record.ballots.some(({ sealBy }) => sealBy < sealedAt)) {
      return await abandonEpoch(pool, record, "it was sealed after one of its ballots had lapsed");
    }
    const openUntil = Math.max(sealedAt, pool.chain.now()) + pool.config.epochs.openSeconds;
    const opening = moveEpoch(record, "opening", { sealedAt, openUntil });
    if (await pool.epochs.put(record, opening)) await tellSealed(pool, opening);
    pool.log.info({ lane, epoch, sealedAt }, "epoch sealed");
    return "again";
  } catch (error) {
    if (!(error instanceof GridmillError) || error.retryable) throw error;
    return abandonEpoch(pool, record, `its seal was refused: ${error.message}`);
  }
}

/** Every worker of the epoch checks its leaf on chain and opens. */
export async function tellSealed(pool: PoolContext, { lane, epoch, ballots, leaves }: EpochRecord): Promise<void> {
  await Promise.all(
    ballots.map(({ worker }) =>
      pool.messenger.send(worker, { type: "sealed", pool: pool.config.pool, lane, epoch, leaves: [...leaves] }),
    ),
  );
}
