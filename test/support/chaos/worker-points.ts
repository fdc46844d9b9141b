import { openSqliteJournal } from "../../../worker/journal/sqlite-journal.ts";
import type { BallotRecord, Journal, Shelf, VoteRecord } from "../../../worker/journal/journal.ts";
import type { Executor, RunListener } from "../../../worker/executor/executor.ts";
import { REAL_PORTS } from "../../../worker/start-worker.ts";
import type { WorkerPorts } from "../../../worker/start-worker.ts";

import type { Move, Reached } from "./crash-points.ts";

/** What a worker looks at of its own accord, it looks at often: a test does not wait half a minute for it. */
const REVIEW_MS = 2_000;

/**
 * Everything that a worker writes, and every stage of a run, with crash points around every move.
 * @param self the worker's name: what moves is named by it, since workers hold records of the same keys
 */
export function mortalPorts(reached: Reached, self: string): Partial<WorkerPorts> {
  const named: Reached = (when, move) => reached(when, { ...move, id: `${self}/${move.id}` });
  return {
    createExecutor: (...given) => staged(named, REAL_PORTS.createExecutor(...given)),
    openJournal: async (folder) => {
      const { leases, votes, ballots, close } = await openSqliteJournal(folder);
      return {
        leases: shelf(named, "own lease", leases, () => "accepted"),
        votes: shelf(named, "own vote", votes, standingOf),
        ballots: shelf(named, "own ballot", ballots, ballotState),
        close,
      } satisfies Journal;
    },
    reviewMs: REVIEW_MS,
  };
}

const standingOf = ({ standing }: VoteRecord): string => standing;

/** Where a signed ballot stands, by what its record says. */
export function ballotState({ leaves, opened, ended }: BallotRecord): string {
  if (ended !== undefined) return ended;
  if (opened) return "opened";
  return leaves === undefined ? "signed" : "told";
}

function shelf<T>(reached: Reached, of: string, real: Shelf<T>, stateOf: (record: T) => string): Shelf<T> {
  return {
    ...real,
    change: async (key, step) => {
      let move: Move | undefined;
      const written = await real.change(key, (before) => {
        const after = step(before);
        const [from, to] = [before, after].map((record) => (record === undefined ? "-" : stateOf(record)));
        move = after === before || from === to ? undefined : { of, id: key, from: from!, to: to! };
        if (move) reached("before", move);
        return after;
      });
      if (move) reached("after", move);
      return written;
    },
  };
}

/** A run has no record but its container: its stages are what the worker says of it. */
function staged(reached: Reached, executor: Executor): Executor {
  return {
    ...executor,
    run: async (spec, listener, signal) => {
      let stage = "-";
      const watched: RunListener = {
        ...listener,
        onStage: (next, percent) => {
          const move = next === stage ? undefined : { of: "run", id: spec.leaseId, from: stage, to: next };
          stage = next;
          if (move) reached("before", move);
          listener.onStage(next, percent);
          if (move) reached("after", move);
        },
      };
      return executor.run(spec, watched, signal);
    },
  };
}
