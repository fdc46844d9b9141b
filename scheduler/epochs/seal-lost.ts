import { jointHashOf } from "../../protocol/ballot.ts";
import type { PoolContext } from "../actions/context.ts";
import type { EpochRecord } from "../domain/epochs/epoch-state.ts";

/**
 * Whether a seal that was confirmed is gone for good: the chain does not have it, and the operator will not send it again, since
 * something else has its nonce or it was refused. A node that is merely behind is no reason.
 */
export async function isSealLost(pool: PoolContext, { lane, epoch, leaves }: EpochRecord): Promise<boolean> {
  const last = await pool.chain.lastEpoch(lane);
  if (last.epoch > epoch || (last.epoch === epoch && last.jointHash === jointHashOf(leaves))) return false;
  return pool.operator.hasLostSeal(lane, epoch, leaves);
}
