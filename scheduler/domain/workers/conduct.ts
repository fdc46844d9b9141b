import { withPace } from "./pace.ts";
import type { Pace } from "./pace.ts";
import { UNKNOWN, withOutcome } from "./reputation.ts";
import type { Outcome, Reputation } from "./reputation.ts";
import { LEASE_MS } from "../votes/vote-state.ts";

/**
 * How far a pool trusts a worker, and what moves it. Read a line as "grade: what happens -> grade"; what is not listed
 * changes nothing.
 *
 * - `probation`    a newcomer, or one that is back: few leases at a time beside trusted workers, and none of its votes decides alone
 * - `trusted`      through its probation
 * - `quarantined`  gets no lease until its time is over
 * - `out`          missed its turn too often, and gets no lease for a day
 */
const MOVES = {
  probation: { proven: "trusted", doubted: "quarantined", absent: "out" },
  trusted: { doubted: "quarantined", absent: "out" },
  quarantined: { doubted: "quarantined", absent: "out", over: "probation" },
  out: { over: "probation" },
} as const satisfies Record<string, Partial<Record<Cause, string>>>;

export type Grade = keyof typeof MOVES;
export const GRADES = Object.keys(MOVES) as readonly Grade[];

/**
 * - `proven`   so many of its results were confirmed by another worker's vote
 * - `doubted`  it disagreed, or refuses far more than it delivers
 * - `absent`   so many leases missed in a row
 * - `over`     the time of a penalty has passed
 */
type Cause = "proven" | "doubted" | "absent" | "over";

/** What a pool knows of a worker's conduct. Times are Unix milliseconds. */
export type Conduct = {
  readonly reputation: Reputation;
  readonly grade: Grade;
  /** When the penalty ends; absent without one. */
  readonly until?: number;
  /** Results confirmed since its probation began. */
  readonly confirmed: number;
  /** Turns missed in a row, and when the last of them was counted. */
  readonly missed: number;
  readonly missedAt: number;
  /** How fast it was beside others; absent before it was compared. */
  readonly pace?: Pace;
};

/** How a lease ended; `confirmed` is a success that another worker's vote agrees with. */
export type Ending = Outcome | "confirmed";

export const NEWCOMER: Conduct = { reputation: UNKNOWN, grade: "probation", confirmed: 0, missed: 0, missedAt: 0 };

/** Confirmed results that end a probation: as many as BOINC asks of a host before it believes it alone. */
export const PROBATION_RESULTS = 10;
/** Leases that a worker on probation may have beside trusted ones, and one more for each confirmed result. */
const PROBATION_LEASES = 2;
/** Turns missed in a row that put a worker out, and for how long: ten, and a day, as the white paper of ZeusNet says. */
export const MOST_MISSED = 10;
export const OUT_MS = 86_400_000;
/** What lapses within this time of a missed turn was lost with it: a crash of a large machine is one turn. */
const ONE_TURN_MS = LEASE_MS;
/** A quarantine lasts an hour, twice as long for each disagreement before, and a day at most. */
const QUARANTINE_MS = 3_600_000;
const LONGEST_QUARANTINE_MS = 86_400_000;
/** Refusals below which nobody is doubted for them. */
const REFUSALS_BORNE = 10;

/** What is known of a worker as of now: whose penalty has ended is on probation. */
export function conductAt(conduct: Conduct, now: number): Conduct {
  return conduct.until !== undefined && now >= conduct.until ? moved(conduct, "over", now) : conduct;
}

/**
 * The conduct after one more lease has ended, now.
 * @param pace how fast it was beside others, if that could be told
 */
export function afterEnding(conduct: Conduct, ending: Ending, now: number, pace?: number): Conduct {
  const before = conductAt(conduct, now);
  const reputation = withOutcome(before.reputation, ending === "confirmed" ? "success" : ending, now);
  const confirmed = before.confirmed + (ending === "confirmed" ? 1 : 0);
  const paced = pace === undefined ? {} : { pace: withPace(before.pace, pace) };
  const counted = { ...before, reputation, confirmed, ...turnsMissed(before, ending, now), ...paced };
  const cause = causeOf(counted, ending);
  return cause ? moved(counted, cause, now) : counted;
}

/** Whether this shows that what a worker answers is not to be believed: its open answers go too. */
export function isCaught(ending: Ending): boolean {
  return ending === "disagreed";
}

/** Leases that a worker may have at a time where trusted workers are there too. */
export function leasesOnProbation(confirmed: number): number {
  return PROBATION_LEASES + confirmed;
}

function turnsMissed({ missed, missedAt }: Conduct, ending: Ending, now: number): Pick<Conduct, "missed" | "missedAt"> {
  if (ending !== "late") return { missed: 0, missedAt };
  return now - missedAt < ONE_TURN_MS ? { missed, missedAt } : { missed: missed + 1, missedAt: now };
}

function causeOf({ reputation, confirmed, missed }: Conduct, ending: Ending): Cause | undefined {
  if (ending === "disagreed") return "doubted";
  if (ending === "refused") return isUnwilling(reputation) ? "doubted" : undefined;
  if (ending === "late") return missed >= MOST_MISSED ? "absent" : undefined;
  return confirmed >= PROBATION_RESULTS ? "proven" : undefined;
}

/** Most of what it is given comes back undone. */
function isUnwilling({ refused, success }: Reputation): boolean {
  return refused > REFUSALS_BORNE && refused > success;
}

function moved(conduct: Conduct, cause: Cause, now: number): Conduct {
  const to = (MOVES[conduct.grade] as Partial<Record<Cause, Grade>>)[cause];
  if (to === undefined) return conduct;
  const { until = 0, ...rest } = conduct;
  if (to === "trusted") return { ...rest, grade: to };
  const begun = { ...rest, grade: to, confirmed: 0, missed: 0 };
  if (to === "probation") return begun;
  return { ...begun, until: Math.max(until, now + (to === "out" ? OUT_MS : quarantineOf(conduct.reputation))) };
}

function quarantineOf({ disagreed }: Reputation): number {
  return Math.min(QUARANTINE_MS * 2 ** Math.max(0, Math.round(disagreed) - 1), LONGEST_QUARANTINE_MS);
}
