import { SETTLE_WINDOW_SECONDS } from "../../protocol/constants.ts";
import { planEpoch, tasksToSeal } from "../domain/epoch-plan.ts";
import { isOver } from "../domain/epoch-state.ts";
import type { EpochRecord } from "../domain/epoch-state.ts";
import type { PoolContext } from "./context.ts";
import { collectBallots } from "./collect-ballots.ts";
import { collectOpenings } from "./collect-openings.ts";
import { sealEpoch } from "./seal-epoch.ts";
import { settleEpoch } from "./settle-epoch.ts";

/**
 * What a step of a lane says: go on at once, look again after so many milliseconds, or wait until somebody wakes the lane.
 */
export type Next = "again" | { readonly inMs: number } | "wait";

/** How often a lane looks at what only time can change, in milliseconds. */
export const LOOK_MS = 1_000;

/**
 * Drives one lane's epochs as far as they go. One such job runs a lane at a time; every step is read from the store and
 * written by compare-and-set, so that it may be killed and run again at any point.
 */
export async function runLane(pool: PoolContext, lane: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const next = await step(pool, lane);
    if (next === "again") continue;
    if (next !== "wait") await pool.wake.lane(lane, next.inMs);
    return;
  }
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
  if (last && !isOver(last.state)) return "again";
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
  const busyUntil = onChain.sealedAt + SETTLE_WINDOW_SECONDS;
  if (onChain.epoch > 0 && !onChain.settled && now <= busyUntil) return { inMs: LOOK_MS * 10 };

  const record = planEpoch(lane, onChain.epoch + 1, chosen, now + pool.config.epochs.ballotSeconds);
  if (!(await pool.epochs.put(last, record))) return "again";
  pool.log.info({ lane, epoch: record.epoch, tasks: chosen.length }, "epoch begun");
  await askForBallots(pool, record);
  return "again";
}

/** Asks every worker of the epoch; asking again is harmless, since a worker's first ballot stands. */
export async function askForBallots(pool: PoolContext, { lane, epoch, asked }: EpochRecord): Promise<void> {
  const entries = Object.entries(asked) as [`0x${string}`, readonly `0x${string}`[]][];
  await Promise.all(
    entries.map(([worker, tasks]) =>
      pool.messenger.send(worker, { type: "ballot?", pool: pool.config.pool, lane, epoch, tasks: [...tasks] }),
    ),
  );
}
