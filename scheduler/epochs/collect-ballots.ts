import { leafOf, votesHashOf } from "../../protocol/ballot.ts";
import { byWorker } from "../../protocol/settlement.ts";
import type { Address } from "../../protocol/primitives.ts";
import { ballotFault } from "../domain/epochs/ballot-check.ts";
import { moveEpoch } from "../domain/epochs/epoch-state.ts";
import type { EpochRecord } from "../domain/epochs/epoch-state.ts";
import { bindVotes } from "./bind-votes.ts";
import { askForBallots, nobodyListened, remind } from "./ask-workers.ts";
import type { PoolContext } from "../actions/context.ts";
import type { Next } from "./next.ts";

/** How often the ballots are counted while some are missing, in milliseconds. */
const COUNT_MS = 500;

/**
 * Waits until every worker that was asked has answered, or the time for it is over; time in which the pool was not there
 * does not count, since a worker that has signed for an epoch signs nothing else for it. Whatever ballots came are sealed, even
 * if too few for consensus: workers sign nothing new for this epoch until their ballot has lapsed, so dropping it would
 * cost minutes where sealing it costs gas. An epoch without any is sealed for tasks that their kept votes decide.
 */
export async function collectBallots(pool: PoolContext, record: EpochRecord): Promise<Next> {
  const { lane, epoch, asked, ballotsUntil } = record;
  const now = pool.chain.now();
  const answers = await pool.epochs.ballots(lane, epoch);
  const missing = (Object.keys(asked) as Address[]).filter((worker) => !answers.has(worker));
  const again = { again: () => askForBallots(pool, record, missing), lookMs: COUNT_MS };
  if (missing.length > 0 && now <= ballotsUntil) return remind(pool, record, again);
  const { ballotSeconds } = pool.config.epochs;
  if (missing.length > 0 && nobodyListened(record, ballotsUntil, ballotSeconds)) {
    return remind(pool, record, { ...again, extend: { ballotsUntil: now + ballotSeconds } });
  }

  // Looked at again: one may have been meant for an earlier epoch of this number, or have waited too long since.
  const ballots = [...answers.values()]
    .filter((ballot) => ballot !== null)
    .filter((ballot) => ballotFault(record, ballot, record.ballotsUntil) === undefined && ballot.sealBy > now)
    .sort(byWorker);
  const moved =
    ballots.length > 0 || record.tasks.some(({ byKept }) => byKept)
      ? moveEpoch(record, "sealing", {
          ballots,
          leaves: ballots.map(({ worker, votes }) => leafOf(worker, votesHashOf(votes))),
        })
      : moveEpoch(record, "abandoned", { note: "no worker sent a ballot" });
  if (!(await pool.epochs.put(record, moved))) return "again";
  // Where there is a seal to come, that begins with it.
  if (moved.state === "abandoned") await bindVotes(pool, moved);
  pool.log.info({ lane, epoch, asked: Object.keys(asked).length, ballots: ballots.length }, "ballots collected");
  return "again";
}
