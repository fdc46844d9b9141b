import type { SenderJournal } from "../../../chain/sender-journal.ts";
import { createSenderChain } from "../../../chain/sender-chain.ts";
import type { SenderChain } from "../../../chain/sender-chain.ts";
import type { EpochRecord } from "../../../scheduler/domain/epochs/epoch-state.ts";
import { isOver } from "../../../scheduler/domain/epochs/epoch-state.ts";
import type { TaskRecord } from "../../../scheduler/domain/tasks/task-state.ts";
import type { SchedulerPorts } from "../../../scheduler/start-scheduler.ts";
import { createRedisJournal } from "../../../scheduler/store/chain-journal.ts";
import { createDealStore } from "../../../scheduler/store/tasks/deal-store.ts";
import type { DealStore } from "../../../scheduler/store/tasks/deal-store.ts";
import { createEpochStore } from "../../../scheduler/store/epoch-store.ts";
import type { EpochStore } from "../../../scheduler/store/epoch-store.ts";
import type { TaskChange } from "../../../scheduler/store/tasks/task-documents.ts";
import { createTaskStore } from "../../../scheduler/store/tasks/task-store.ts";
import type { TaskStore } from "../../../scheduler/store/tasks/task-store.ts";

import { passing } from "./crash-points.ts";
import type { Move, Reached } from "./crash-points.ts";
import { broadcasting, journalling } from "./sender-points.ts";

/** The jobs of a dead scheduler are taken over soon, since it dies so often. */
const TAKE_OVER = { lockDuration: 2_000, stalledInterval: 500 };

/** Everything that a scheduler writes, with crash points around every move. */
export function mortalPorts(reached: Reached): Partial<SchedulerPorts> {
  const acts = new Map<string, string>();
  return {
    createTasks: (...given) => mortalTasks(reached, createTaskStore(...given)),
    createDeals: (...given) => mortalDeals(reached, createDealStore(...given)),
    createEpochs: (...given) => mortalEpochs(reached, createEpochStore(...given)),
    createJournal: (redis, keys): SenderJournal => journalling(reached, createRedisJournal(redis, keys), acts),
    createSenderChain: (provider): SenderChain => broadcasting(reached, createSenderChain(provider), acts),
    takeOver: TAKE_OVER,
  };
}

export function mortalTasks(reached: Reached, tasks: TaskStore): TaskStore {
  return {
    ...tasks,
    create: (task) => passing(reached, [taskMove(task, "-")], () => tasks.create(task)),
    update: (taskId, change) => changing(reached, change, (watched) => tasks.update(taskId, watched)),
    lease: async (before, after, to) => {
      const moves = movesOf(before, after);
      for (const move of moves) reached("before", move);
      const outcome = await tasks.lease(before, after, to);
      if (outcome === "done") for (const move of moves) reached("after", move);
      return outcome;
    },
  };
}

export function mortalDeals(reached: Reached, deals: DealStore): DealStore {
  return {
    ...deals,
    create: async (record) => {
      if (await deals.get(record.dealId)) return false;
      const move = { of: "deal", id: record.dealId, from: "-", to: record.stage };
      return passing(reached, [move], () => deals.create(record));
    },
    update: async (dealId, patch) => {
      const from = (await deals.get(dealId))?.stage;
      const isMove = from && !isDealOver(from) && patch.stage && patch.stage !== from;
      const moves = isMove ? [{ of: "deal", id: dealId, from, to: patch.stage }] : [];
      return passing(reached, moves, () => deals.update(dealId, patch));
    },
  };
}

export function mortalEpochs(reached: Reached, epochs: EpochStore): EpochStore {
  const answer = (of: string, worker: string): Move => ({ of, id: worker, from: "-", to: "kept", worker });
  return {
    ...epochs,
    put: (before, after) => passing(reached, epochMoves(before, after), () => epochs.put(before, after)),
    addBallot: (lane, epoch, ballot) =>
      passing(reached, [answer("ballot", ballot.worker)], () => epochs.addBallot(lane, epoch, ballot)),
    addOpening: (lane, epoch, worker, opening) =>
      passing(reached, [answer("opening", worker)], () => epochs.addOpening(lane, epoch, worker, opening)),
  };
}

const isDealOver = (stage: string): boolean => stage === "declined" || stage === "closed";

/** Passes the crash points before and after whatever a change turns out to move. */
async function changing<R>(
  reached: Reached,
  change: TaskChange,
  write: (watched: TaskChange) => Promise<R>,
): Promise<R> {
  let moves: readonly Move[] = [];
  const written = await write((task) => {
    const after = change(task);
    moves = after ? movesOf(task, after) : [];
    for (const move of moves) reached("before", move);
    return after;
  });
  if (written !== undefined) for (const move of moves) reached("after", move);
  return written;
}

function movesOf(before: TaskRecord, after: TaskRecord): readonly Move[] {
  const earlier = new Map(before.votes.map((vote) => [vote.leaseId, vote.state]));
  const votes = after.votes.flatMap(({ leaseId, state, worker }) => {
    const from = earlier.get(leaseId) ?? "-";
    return from === state ? [] : [{ of: "vote", id: `${after.taskId}/${leaseId}`, from, to: state, worker }];
  });
  return before.state === after.state ? votes : [...votes, taskMove(after, before.state)];
}

function taskMove({ taskId, state, votes }: TaskRecord, from: string): Move {
  const worker = votes.at(-1)?.worker;
  return { of: "task", id: taskId, from, to: state, ...(worker === undefined ? {} : { worker }) };
}

function epochMoves(before: EpochRecord | undefined, after: EpochRecord): readonly Move[] {
  const from = before && !isOver(before.state) ? before.state : "-";
  return from === after.state ? [] : [{ of: "epoch", id: `${after.lane}`, from, to: after.state }];
}
