import type { Hash } from "../../protocol/primitives.ts";
import type { EpochRecord, EpochState } from "../domain/epochs/epoch-state.ts";
import { isOver } from "../domain/epochs/epoch-state.ts";
import { isTerminal } from "../domain/tasks/task-state.ts";
import type { TaskRecord } from "../domain/tasks/task-state.ts";
import { isAnswered } from "../domain/votes/vote-state.ts";
import type { Vote } from "../domain/votes/vote-state.ts";
import type { DealWatch } from "../store/tasks/deal-store.ts";
import type { EpochWatch } from "../store/epoch-store.ts";
import type { TaskWatch } from "../store/tasks/task-documents.ts";

/** What took some time of a deal's life. Whatever process tells of it, it has the same place in the same trace. */
export type DealSpan = {
  readonly deal: Hash;
  readonly name: string;
  /** What of that name it is, within the deal. */
  readonly of: string;
  /** The span that it is a part of; undefined for the one that all others come from. */
  readonly parent: { readonly name: string; readonly of: string } | undefined;
  /** Unix milliseconds. */
  readonly from: number;
  readonly to: number;
  /** In the words of the log. */
  readonly attributes: Readonly<Record<string, string | number>>;
  /** Why it came to no good end, when it did not. */
  readonly failed: string | undefined;
};

/** Hears of what is stored, and tells the spans that have ended with it. */
export type PoolWatches = {
  readonly dealChanged: DealWatch;
  readonly taskChanged: TaskWatch;
  readonly epochChanged: EpochWatch;
};

const DEAL = { name: "deal entered", of: "" } as const;
const taskSpan = (task: Hash) => ({ name: "task", of: task }) as const;
const leaseSpan = (leaseId: string) => ({ name: "task leased", of: leaseId }) as const;

/** What each phase of an epoch brings about. */
const PHASES: Readonly<Partial<Record<EpochState, string>>> = {
  balloting: "ballot",
  sealing: "seal",
  opening: "opened",
  settling: "settled",
};

/** @param tell gets each span once, from the process that stored the change */
export function createPoolTraces(tell: (span: DealSpan) => void, now: () => number = Date.now): PoolWatches {
  return {
    dealChanged(before, after) {
      const { dealId: deal, stage, note } = after;
      const isNew = before.stage === "seen" || before.stage === "waiting";
      if (!isNew || stage === "seen" || stage === "waiting") return;
      const failed = stage === "entered" ? undefined : (note ?? stage);
      const attributes = { deal, tasks: after.deal.volume, stage };
      tell({ ...DEAL, deal, parent: undefined, from: after.deal.openedAt * 1_000, to: now(), attributes, failed });
    },
    taskChanged(before, after) {
      const earlier = new Map(before?.votes.map((vote) => [vote.leaseId, vote]));
      for (const vote of after.votes) voteChanged(after, earlier.get(vote.leaseId), vote, now(), tell);
      if (before && !isTerminal(before.state) && isTerminal(after.state)) tell(taskEnded(after, now()));
    },
    epochChanged(before, after) {
      if (before?.epoch !== after.epoch || before.state === after.state) return;
      for (const span of phaseEnded(before, after, now())) tell(span);
    },
  };
}

function voteChanged(
  { dealId: deal, taskId: task }: TaskRecord,
  before: Vote | undefined,
  after: Vote,
  now: number,
  tell: (span: DealSpan) => void,
): void {
  const { leaseId: lease, worker, state, code, since } = after;
  if (before === undefined || before.state === state) return;
  const common = { deal, from: since, to: now, attributes: { deal, task, worker, lease }, failed: undefined };
  if (before.state === "leased") tell({ ...common, ...leaseSpan(lease), parent: taskSpan(task) });
  if (before.state !== "leased" && before.state !== "running") return;
  if (state === "running") return;
  const failed = isAnswered(after) ? undefined : (code ?? state);
  tell({ ...common, name: "computed", of: lease, parent: leaseSpan(lease), failed });
}

function taskEnded({ dealId: deal, taskId: task, state, history }: TaskRecord, now: number): DealSpan {
  const attributes = { deal, task, state };
  const failed = state === "settled" ? undefined : (history.at(-1)?.note ?? state);
  return { deal, ...taskSpan(task), parent: DEAL, from: history[0]!.at * 1_000, to: now, attributes, failed };
}

/** One for each task of the epoch: each belongs to the trace of its deal. */
function phaseEnded(before: EpochRecord, after: EpochRecord, now: number): readonly DealSpan[] {
  const { lane, epoch, state, note } = after;
  const name = PHASES[before.state];
  if (name === undefined) return [];
  const failed = isOver(state) && state !== "settled" ? (note ?? state) : undefined;
  const [from, to] = [before.since ?? now, after.since ?? now];
  return after.tasks.map(({ dealId: deal, taskId: task }) => ({
    ...{ deal, name, of: `${task} ${lane} ${epoch}`, parent: taskSpan(task), from, to, failed },
    attributes: { deal, task, lane, epoch },
  }));
}
