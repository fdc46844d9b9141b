import { unpackResources } from "../../../protocol/capabilities.ts";
import type { Address, Hash } from "../../../protocol/primitives.ts";
import { FASTEST_SCORE } from "../../../protocol/time-limits.ts";
import type { TaskRecord } from "../tasks/task-state.ts";
import type { Vote } from "../votes/vote-state.ts";

/**
 * A worker's agent states its speed before its first lease; its tasks show it. Of two that gave the same answer to the same
 * task, one that is twice as fast needs half the time, if what both state is true.
 */

/** How fast a worker was beside others, by what all of them state: a mean, the last fifth of which is the latest task. */
export type Pace = { readonly mean: number; readonly tasks: number };

/** A higher score is no machine's: twice that of the fastest that counts. */
export const MOST_PLAUSIBLE_SCORE = 2 * FASTEST_SCORE;
/** Below this a run's time is that of its container rather than of its app, in milliseconds. */
const LONG_ENOUGH_MS = 10_000;
const SHARE_OF_LATEST = 0.2;
/** Comparisons before a mean is believed, and how far it has to be off: machines share their cores with what else they do. */
const ENOUGH_TASKS = 5;
const FAR_BELOW = 0.5;

/**
 * How fast each of those that agreed was beside the others, from 0 to 1: the median of what it would have taken them at its
 * stated speed, by what it took. Nothing where nobody else agreed, or a run was short.
 */
export function pacesOf({ votes }: TaskRecord): ReadonlyMap<Address, number> {
  const timed = votes.filter(
    (vote): vote is Vote & { readonly tookMs: number } =>
      vote.state === "agree" && vote.tookMs !== undefined && vote.tookMs >= LONG_ENOUGH_MS,
  );
  const work = timed.map(({ worker, tookMs, spare }) => ({ worker, work: tookMs * spare.benchmark }));
  if (work.length < 2) return new Map();
  return new Map(
    work.map((own) => {
      const others = work.filter((other) => other !== own).map((other) => other.work);
      return [own.worker, Math.min(1, median(others) / own.work)];
    }),
  );
}

export function withPace(known: Pace | undefined, pace: number): Pace {
  if (!known) return { mean: pace, tasks: 1 };
  return { mean: known.mean + SHARE_OF_LATEST * (pace - known.mean), tasks: known.tasks + 1 };
}

/** The speed that a worker is taken to have: what it states, or what it has shown where that is far below. */
export function speedOf(
  capabilities: Hash,
  pace: Pace | undefined,
): { readonly stated: number; readonly shown: number } {
  const { benchmark: stated } = unpackResources(capabilities);
  const isSlow = pace !== undefined && pace.tasks >= ENOUGH_TASKS && pace.mean < FAR_BELOW;
  return { stated, shown: isSlow ? Math.round(stated * pace.mean) : stated };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}
