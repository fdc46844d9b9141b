import { SETTLE_WINDOW_SECONDS } from "../../protocol/constants.ts";
import { planEpoch, tasksToSeal } from "../domain/epochs/epoch-plan.ts";
import type { EpochRecord } from "../domain/epochs/epoch-state.ts";
import type { Address } from "../../protocol/primitives.ts";
import type { PoolContext } from "../actions/context.ts";
import { askForBallots } from "./ask-workers.ts";
import { collectBallots } from "./collect-ballots.ts";
import { collectOpenings } from "./collect-openings.ts";
import { LOOK_MS } from "./next.ts";
import type { Next } from "./next.ts";
import { noteHold } from "./note-hold.ts";
import { isSealLost } from "./seal-lost.ts";
import { sealEpoch } from "./seal-epoch.ts";
import { settleEpoch } from "./settle-epoch.ts";
import { voidVotes } from "./void-votes.ts";

/**
 * Drives one lane's epochs as far as they go, or to the end of the step in hand once `signal` aborts. One such job runs a lane at a time; every step is read from the store and
 * written by compare-and-set, so that it may be killed and run again at any point.
 */
export async function runLane(pool: PoolContext, lane: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const next = await step(pool, lane).catch(async (error: unknown) => {
      await noteHold(pool, lane, error);
      throw error;
    });
    if (next === "again") continue;
    if (next !== "wait") await pool.wake.lane(lane, next.inMs);
    return;
  }
  // This process stops: another one goes on, now, or the next start.
  await pool.wake.lane(lane);
}

async function step(pool: PoolContext, lane: number): Promise<Next> {
  const record = await pool.epochs.current(lane);
  switch (record?.state) {
    case "balloting":
      return collectBallots(pool, record);
    case "sealing":
      return sealEpoch(pool, record);
    case "opening":
      return collectOpenings(pool, record);
    case "settling":
      return settleEpoch(pool, record);
    case "settled":
    case "abandoned":
    case undefined:
      return startEpoch(pool, lane, record);
  }
}

/** Begins the next epoch when there is something to seal and the lane is free on chain. */
async function startEpoch(pool: PoolContext, lane: number, last: EpochRecord | undefined): Promise<Next> {
  await voidVotes(pool, lane);
  const agreed = await pool.tasks.listIn(lane, "agreed");
  if (agreed.length === 0) return "wait";
  const [running, planned] = await Promise.all([
    pool.tasks.countIn(lane, "running"),
    pool.tasks.countIn(lane, "planned"),
  ]);
  const now = pool.chain.now();
  const chosen = tasksToSeal({ agreed, underway: running + planned, now }, pool.config.epochs);
  if (chosen.length === 0) return { inMs: LOOK_MS };

  const onChain = await pool.chain.lastEpoch(lane);
  if (isBusy(onChain, now)) return { inMs: LOOK_MS * 10 };
  if (isBehind(onChain, last, now) && !(await isSealLost(pool, last!))) return { inMs: LOOK_MS * 10 };

  const until = now + pool.config.epochs.ballotSeconds;
  const record = { ...planEpoch(lane, onChain.epoch + 1, chosen, until), askedAt: now };
  if (!(await pool.epochs.put(last, record))) return "again";
  pool.log.info({ lane, epoch: record.epoch, tasks: chosen.length }, "epoch begun");
  await askForBallots(pool, record, Object.keys(record.asked) as Address[]);
  return "again";
}

type OnChain = Awaited<ReturnType<PoolContext["chain"]["lastEpoch"]>>;

function isBusy({ epoch, sealedAt, settled }: OnChain, now: number): boolean {
  return epoch > 0 && !settled && now <= sealedAt + SETTLE_WINDOW_SECONDS;
}

/** A node that has not heard of the last epoch yet would give its number to a second one, whose ballots are then void. */
function isBehind({ epoch }: OnChain, last: EpochRecord | undefined, now: number): boolean {
  return last?.sealedAt !== undefined && epoch < last.epoch && now <= last.sealedAt + SETTLE_WINDOW_SECONDS;
}
