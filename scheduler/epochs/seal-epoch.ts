import { GridmillError } from "../../protocol/errors.ts";
import { moveEpoch } from "../domain/epochs/epoch-state.ts";
import type { EpochRecord } from "../domain/epochs/epoch-state.ts";
import { abandonEpoch } from "./abandon-epoch.ts";
import { tellSealed } from "./ask-workers.ts";
import { bindVotes } from "./bind-votes.ts";
import type { PoolContext } from "../actions/context.ts";
import type { Next } from "./next.ts";
import { clearHold } from "./note-hold.ts";

/** A lane whose seal was refused tries again after this long, in milliseconds. */
const REFUSED_MS = 10_000;

/** Puts the leaves on chain, and tells the workers once that is confirmed. The intent's name makes it happen once. */
export async function sealEpoch(pool: PoolContext, record: EpochRecord): Promise<Next> {
  const { lane, epoch, leaves, ballots } = record;
  await bindVotes(pool, record);
  if (await hasLapsed(pool, record)) return abandonEpoch(pool, record, "a ballot had lapsed before it could be sealed");
  try {
    const { sealedAt } = await pool.operator.seal(lane, epoch, leaves);
    if (ballots.some(({ sealBy }) => sealBy < sealedAt)) {
      return await abandonEpoch(pool, record, "it was sealed after one of its ballots had lapsed");
    }
    const askedAt = pool.chain.now();
    const openUntil = Math.max(sealedAt, askedAt) + pool.config.epochs.openSeconds;
    await clearHold(pool, record);
    const { note: _over, ...sealing } = record;
    const opening = moveEpoch(sealing, "opening", { sealedAt, openUntil, askedAt });
    if (!(await pool.epochs.put(record, opening))) return "again";
    const voters = ballots.map(({ worker }) => worker);
    await tellSealed(pool, opening, voters);
    pool.log.info({ lane, epoch, sealedAt }, "epoch sealed");
    return "again";
  } catch (error) {
    if (!(error instanceof GridmillError) || error.retryable) throw error;
    await abandonEpoch(pool, record, `its seal was refused: ${error.message}`);
    return { inMs: REFUSED_MS };
  }
}

/** Whether it is too late to begin: a seal after the end of a ballot can never be settled, and blocks the lane. */
async function hasLapsed(pool: PoolContext, { lane, epoch, ballots }: EpochRecord): Promise<boolean> {
  const now = pool.chain.now();
  if (ballots.every(({ sealBy }) => sealBy > now)) return false;
  return (await pool.chain.lastEpoch(lane)).epoch < epoch;
}
