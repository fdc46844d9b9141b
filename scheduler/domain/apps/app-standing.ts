import type { Hash } from "../../../protocol/primitives.ts";

/**
 * Whether a pool believes that an app repeats its own answers, and what moves that. Read a line as "standing: what happens ->
 * standing"; what is not listed changes nothing. An app that the pool has not seen has no record, and begins on probation.
 *
 * - `probation`  nobody has confirmed an answer of it: its first tasks go to two workers on different machines
 * - `known`      two workers gave the same answer to one of its tasks
 * - `refused`    three workers gave three answers to one of its tasks: nothing of it is worked on until its time is over
 */
const MOVES = {
  probation: { repeated: "known", disputed: "refused", allowed: "known" },
  known: {},
  refused: { allowed: "known", over: "probation" },
} as const satisfies Record<string, Partial<Record<AppCause, string>>>;

export type AppStanding = keyof typeof MOVES;
export const APP_STANDINGS = Object.keys(MOVES) as readonly AppStanding[];

/**
 * - `repeated`  two workers gave the same answer to one task
 * - `disputed`  three workers gave three answers to one task
 * - `allowed`   the pool's operator vouches for it
 * - `over`      the time of its refusal has passed
 */
type AppCause = "repeated" | "disputed" | "allowed" | "over";

/** Over what an app was refused. */
export type Dispute = {
  readonly taskId: Hash;
  /** Output files that differ, and whether its end does, as far as workers have shown what they computed. */
  readonly files: readonly string[];
};

/** What a pool knows of an app's image. Times are Unix milliseconds. */
export type AppRecord = {
  /** Pinned by digest. */
  readonly image: string;
  /** The registry's id under which a deal last named it, in decimal. */
  readonly app: string;
  readonly standing: AppStanding;
  readonly since: number;
  /** When the refusal ends; absent without one. */
  readonly until?: number;
  /** The tasks that are compared while the others wait. */
  readonly probes: readonly Hash[];
  readonly dispute?: Dispute;
  /** Whether the pool's operator vouches for it. */
  readonly isAllowed?: true;
};

/** Which app a deal names. */
export type AppName = Pick<AppRecord, "image" | "app">;

/** How long an app is refused: workers that lie together cannot shut an honest one out for longer. */
export const REFUSED_MS = 86_400_000;
/** So many tasks of an app are compared at a time: the first that agree are enough, and one that is stuck holds nothing up. */
export const MOST_PROBES = 2;

export function newApp({ image, app }: AppName, now: number): AppRecord {
  return { image, app, standing: "probation", since: now, probes: [] };
}

/** An image reference is pinned: what follows its last colon is the sha256 that names it. */
export function digestIn(image: string): string {
  return image.slice(image.lastIndexOf(":") + 1);
}

/** What is known of an app as of now. */
export function appAt(record: AppRecord, now: number): AppRecord {
  return record.until !== undefined && now >= record.until ? afterCause(record, "over", now) : record;
}

/** The very same record where the table lists no move. */
export function afterCause(record: AppRecord, cause: AppCause, now: number, dispute?: Dispute): AppRecord {
  const to = (MOVES[record.standing] as Partial<Record<AppCause, AppStanding>>)[cause];
  if (to === undefined) return record;
  const { until: _until, dispute: _dispute, ...rest } = record;
  const moved = { ...rest, standing: to, since: now, probes: [] };
  return to === "refused" && dispute ? { ...moved, until: now + REFUSED_MS, dispute } : moved;
}

/** The app as one that the pool's operator vouches for, whatever it was; the very same record where he did before. */
export function allowed(record: AppRecord, now: number): AppRecord {
  return record.isAllowed ? record : { ...afterCause(record, "allowed", now), isAllowed: true };
}

/** Names in what the answers to the task differ over which it is refused; the very same record where it is not. */
export function withFiles(record: AppRecord, taskId: Hash, files: readonly string[]): AppRecord {
  return record.dispute?.taskId === taskId ? { ...record, dispute: { taskId, files } } : record;
}

/**
 * The app with one more task that is compared, if there is room for it; else the very same record.
 * @param over tasks that are compared no more
 */
export function withProbe(record: AppRecord, taskId: Hash, over: readonly Hash[]): AppRecord {
  const probes = record.probes.filter((probe) => !over.includes(probe));
  if (record.standing !== "probation" || probes.includes(taskId) || probes.length >= MOST_PROBES) return record;
  return { ...record, probes: [...probes, taskId] };
}
