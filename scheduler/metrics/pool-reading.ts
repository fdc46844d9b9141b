import type { AppStanding } from "../domain/apps/app-standing.ts";
import type { Grade } from "../domain/workers/conduct.ts";
import type { EpochState } from "../domain/epochs/epoch-state.ts";
import type { TaskState } from "../domain/tasks/task-state.ts";
import type { VoteState } from "../domain/votes/vote-state.ts";
import type { PoolMoney } from "./pool-money.ts";

/** What all processes of a pool share, as it is at one moment. */
export type PoolReading = {
  readonly tasks: readonly { readonly lane: number; readonly state: TaskState; readonly count: number }[];
  /** Votes whose worker has its stake at risk. */
  readonly votes: readonly { readonly state: VoteState; readonly count: number }[];
  readonly deals: { readonly open: number; readonly waiting: number };
  /** Workers that are connected. */
  readonly workers: { readonly idle: number; readonly busy: number; readonly resting: number };
  /** The same workers, by how far the pool trusts them. */
  readonly grades: Readonly<Record<Grade, number>>;
  /** Apps that the pool has seen. */
  readonly apps: Readonly<Record<AppStanding, number>>;
  readonly slots: { readonly busy: number; readonly free: number };
  readonly jobs: readonly { readonly queue: string; readonly state: string; readonly count: number }[];
  /** Of each lane whose epoch is under way; `seconds` is how long it has been in its phase. */
  readonly epochs: readonly { readonly lane: number; readonly phase: EpochState; readonly seconds: number }[];
  readonly quarantined: number;
  readonly draining: boolean;
  /** Unix seconds of the latest block. */
  readonly chainTime: number;
  /** Unix seconds of the earliest deadline of a task that is not over. */
  readonly nextDeadline: number | undefined;
  /** Undefined while the chain does not answer. */
  readonly money: PoolMoney | undefined;
};
