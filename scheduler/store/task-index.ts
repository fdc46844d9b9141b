import type { TaskRecord } from "../domain/task-state.ts";
import { isLive } from "../domain/task-state.ts";
import { isHeld, isWorking } from "../domain/vote-state.ts";
import type { Vote } from "../domain/vote-state.ts";
import type { IndexWrite } from "./commit.ts";
import type { Keys } from "./redis.ts";

/** A lease lives this long without a heartbeat, in milliseconds. */
export const LEASE_MS = 15_000;

/** What the indexes need, so that they say the same as the document after it is written. */
export function taskIndexWrites(keys: Keys, before: TaskRecord | undefined, after: TaskRecord): readonly IndexWrite[] {
  return [
    ...stateWrites(keys, before, after),
    ...deadlineWrites(keys, before, after),
    ...voteWrites(keys, before, after),
  ];
}

function stateWrites(keys: Keys, before: TaskRecord | undefined, after: TaskRecord): readonly IndexWrite[] {
  if (before?.state === after.state) return [];
  const key = (task: TaskRecord): string => keys("tasks", task.terms.lane, task.state);
  const added: IndexWrite = ["SADD", key(after), after.taskId];
  return before ? [["SREM", key(before), before.taskId], added] : [added];
}

function deadlineWrites(keys: Keys, before: TaskRecord | undefined, after: TaskRecord): readonly IndexWrite[] {
  const [was, is] = [before !== undefined && isLive(before.state), isLive(after.state)];
  if (was === is) return [];
  const { taskId, terms } = after;
  return [is ? ["ZADD", keys("deadlines"), String(terms.deadline), taskId] : ["ZREM", keys("deadlines"), taskId]];
}

function voteWrites(keys: Keys, before: TaskRecord | undefined, after: TaskRecord): readonly IndexWrite[] {
  const earlier = new Map(before?.votes.map((vote) => [vote.leaseId, vote]));
  const over = !isLive(after.state);
  return after.votes.flatMap((vote) => {
    const old = earlier.get(vote.leaseId);
    const wasOver = before === undefined || !isLive(before.state);
    return [
      ...slotWrites(keys, old && !wasOver ? isWorking(old) : false, !over && isWorking(vote), vote),
      ...heldWrites(keys, old && !wasOver ? isHeld(old) : false, !over && isHeld(vote), vote, after),
    ];
  });
}

function slotWrites(keys: Keys, was: boolean, is: boolean, { leaseId, worker }: Vote): readonly IndexWrite[] {
  if (was === is) return [];
  return is
    ? [
        ["SADD", keys("slots", worker), leaseId],
        ["ZADD", keys("leases"), String(Date.now() + LEASE_MS), leaseId],
      ]
    : [
        ["SREM", keys("slots", worker), leaseId],
        ["ZREM", keys("leases"), leaseId],
      ];
}

function heldWrites(
  keys: Keys,
  was: boolean,
  is: boolean,
  { leaseId, worker }: Vote,
  { taskId, terms }: TaskRecord,
): readonly IndexWrite[] {
  if (was === is) return [];
  const held = JSON.stringify({ limits: terms.limits, stake: terms.stake });
  return is
    ? [
        ["HSET", keys("held", worker), leaseId, held],
        ["HSET", keys("lease-tasks"), leaseId, taskId],
      ]
    : [
        ["HDEL", keys("held", worker), leaseId],
        ["HDEL", keys("lease-tasks"), leaseId],
      ];
}
