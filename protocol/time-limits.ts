import { DEADLINE_FACTOR } from "./categories.ts";

/** Score of one core of the reference machine; one of twice its speed has twice the score (docs/decisions/0007). */
export const REFERENCE_SCORE = 1_000;
/** A worker below this gets no tasks: the time that it needs would not fit between a deal and its deadline. */
export const SLOWEST_SCORE = 400;
/** A higher score shortens no limit further: no core is that fast, and a limit must not vanish. */
export const FASTEST_SCORE = 4_000;

/** How much longer an app may take somewhere than its score says: a score is one number, and apps differ. */
const TOLERANCE = 1.25;
/** The part of the way to the deadline that one run may take by the clock, so that another may follow it. */
const PART_OF_DEADLINE = 0.5;
/** How many times its seconds a task may take by the clock. */
const WAITING = DEADLINE_FACTOR * PART_OF_DEADLINE;

/** When a run is ended as out of time (`fail time`): at whichever comes first. In milliseconds. */
export type TimeLimits = {
  /** CPU time of all processes of the container. What runs beside it does not count, so that busy workers agree too. */
  readonly cpuMs: number;
  /** By the clock, alike on all machines. Ends an app that waits for what never comes. */
  readonly wallMs: number;
};

/**
 * The time that a worker gives a task. Worker and scheduler compute it alike, and machines of different speed are meant to
 * agree on which tasks are too long.
 * @param seconds what the task may take on the reference machine: its category's time, or the requester's tighter limit
 * @param score of the worker's machine
 * @param cpuMillicores the share of the processors that the container gets, in thousandths of a core
 */
export function timeLimits(seconds: number, score: number, cpuMillicores: number): TimeLimits {
  return {
    cpuMs: Math.ceil((busyTime(seconds, score) * cpuMillicores) / 1_000),
    wallMs: WAITING * seconds * 1_000,
  };
}

/** Milliseconds before which no honest worker of this score says that a task is out of time. */
export function soonestTimeout(seconds: number, score: number): number {
  return Math.floor(busyTime(seconds, score));
}

/** The time by the clock of an app that computes all the time with all that it gets, in milliseconds. */
function busyTime(seconds: number, score: number): number {
  const known = Math.min(Math.max(score, SLOWEST_SCORE), FASTEST_SCORE);
  return (seconds * 1_000 * TOLERANCE * REFERENCE_SCORE) / known;
}

/**
 * The least seconds of a category that give a run like this its time anywhere, were scores exact.
 * @param used what the run took on a machine of this score, with this share of its processors
 */
export function secondsNeeded({ cpuMs, wallMs }: TimeLimits, score: number, cpuMillicores: number): number {
  const computing = (cpuMs / cpuMillicores) * (score / REFERENCE_SCORE);
  return Math.max(computing, wallMs / 1_000 / WAITING);
}

/** Whether a machine is as fast as another as far as two benchmarks can tell. */
export function isAsFast(score: number, other: number): boolean {
  return score * TOLERANCE >= other;
}
