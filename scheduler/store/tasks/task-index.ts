import { weightAt } from "../../domain/placement/fair-share.ts";
import type { TaskRecord } from "../../domain/tasks/task-state.ts";
import { isLive } from "../../domain/tasks/task-state.ts";
import { isAnswered, isHeld, isWorking, LEASE_MS } from "../../domain/votes/vote-state.ts";
import type { Vote, VoteState } from "../../domain/votes/vote-state.ts";
import type { IndexWrite } from "../commit.ts";
import type { Keys } from "../redis.ts";

/**
 * What the indexes need, so that they say the same as the document after it is written.
 * @param now Unix milliseconds
 */
export function taskIndexWrites(
  keys: Keys,
  before: TaskRecord | undefined,
  after: TaskRecord,
  now: number,
): readonly IndexWrite[] {
  return [
    ...stateWrites(keys, before, after),
    ...waitingWrites(keys, before, after),
    ...liveWrites(keys, before, after),
    ...voteWrites(keys, before, after, now),
  ];
}

function stateWrites(keys: Keys, before: TaskRecord | undefined, after: TaskRecord): readonly IndexWrite[] {
  if (before?.state === after.state) return [];
  const key = (task: TaskRecord): string => keys("tasks", task.terms.lane, task.state);
  const added: IndexWrite = ["SADD", key(after), after.taskId];
  return before ? [["SREM", key(before), before.taskId], added] : [added];
}

/** Tasks that want votes, by deal, and the deals that have had any, by requester and turn: see `waiting-tasks.ts`. */
function waitingWrites(keys: Keys, before: TaskRecord | undefined, after: TaskRecord): readonly IndexWrite[] {
  const [was, is] = [before?.state === "planned", after.state === "planned"];
  if (was === is) return [];
  const { taskId, dealId, terms } = after;
  if (!is) return [["SREM", keys("waiting", dealId), taskId]];
  return [
    ["SADD", keys("waiting", dealId), taskId],
    ["ZADD", keys("waiting-deals", terms.requester), String(terms.turn), dealId],
    ["SADD", keys("waiting-requesters"), terms.requester],
  ];
}

/** Live tasks, of all deals by deadline, and of each deal. */
function liveWrites(keys: Keys, before: TaskRecord | undefined, after: TaskRecord): readonly IndexWrite[] {
  const [was, is] = [before !== undefined && isLive(before.state), isLive(after.state)];
  if (was === is) return [];
  const { taskId, dealId, terms } = after;
  const ofDeal = keys("live", dealId);
  return is
    ? [
        ["ZADD", keys("deadlines"), String(terms.deadline), taskId],
        ["SADD", ofDeal, taskId],
      ]
    : [
        ["ZREM", keys("deadlines"), taskId],
        ["SREM", ofDeal, taskId],
      ];
}

function voteWrites(keys: Keys, before: TaskRecord | undefined, after: TaskRecord, now: number): readonly IndexWrite[] {
  const earlier = new Map(before && isLive(before.state) ? before.votes.map((vote) => [vote.leaseId, vote]) : []);
  const over = !isLive(after.state);
  return after.votes.flatMap((vote) => {
    const [was, is] = [earlier.get(vote.leaseId), over ? undefined : vote];
    return [
      ...slotWrites(keys, meets(was, isWorking), meets(is, isWorking), vote, after, now),
      ...usageWrites(keys, meets(was, isWorking), meets(is, isWorking), vote, after, now),
      ...heldWrites(keys, meets(was, isHeld), meets(is, isHeld), vote, after),
      ...countWrites(keys, stateAtRisk(was), stateAtRisk(is), vote),
    ];
  });
}

/** Only votes of live tasks are indexed. */
function meets(vote: Vote | undefined, test: (vote: Vote) => boolean): boolean {
  return vote !== undefined && test(vote);
}

function stateAtRisk(vote: Vote | undefined): VoteState | undefined {
  return vote && isHeld(vote) ? vote.state : undefined;
}

/** What a worker works on, with what it takes up of its machine. */
function slotWrites(
  keys: Keys,
  was: boolean,
  is: boolean,
  { leaseId, worker }: Vote,
  { terms }: TaskRecord,
  now: number,
): readonly IndexWrite[] {
  if (was === is) return [];
  return is
    ? [
        ["HSET", keys("slots", worker), leaseId, JSON.stringify(terms.limits)],
        ["ZADD", keys("leases"), String(now + LEASE_MS), leaseId],
      ]
    : [
        ["HDEL", keys("slots", worker), leaseId],
        ["ZREM", keys("leases"), leaseId],
      ];
}

/** Votes at risk by state, to be counted. */
function countWrites(
  keys: Keys,
  was: VoteState | undefined,
  is: VoteState | undefined,
  { leaseId }: Vote,
): readonly IndexWrite[] {
  if (was === is) return [];
  const left: readonly IndexWrite[] = was ? [["SREM", keys("votes", was), leaseId]] : [];
  return is ? [...left, ["SADD", keys("votes", is), leaseId]] : left;
}

/** What a requester has of the pool: leases that are out, and the cores and time of those that brought an answer. */
function usageWrites(
  keys: Keys,
  was: boolean,
  is: boolean,
  vote: Vote,
  { terms: { requester, limits } }: TaskRecord,
  now: number,
): readonly IndexWrite[] {
  if (was === is) return [];
  const working: IndexWrite = ["HINCRBY", keys("working"), requester, is ? "1" : "-1"];
  if (is || !isAnswered(vote)) return [working];
  const coreSeconds = (limits.cpuMillicores / 1_000) * (Math.max(0, now - vote.since) / 1_000);
  return [
    working,
    ["ZINCRBY", keys("usage"), String(coreSeconds * weightAt(now)), requester],
    ["ZINCRBY", keys("usage-leases"), String(weightAt(now)), requester],
  ];
}

/** The votes of a worker, and how many it has at each stake, since sums in wei are beyond Redis. */
function heldWrites(
  keys: Keys,
  was: boolean,
  is: boolean,
  { leaseId, worker }: Vote,
  { taskId, terms }: TaskRecord,
): readonly IndexWrite[] {
  if (was === is) return [];
  return is
    ? [
        ["HINCRBY", keys("risk", worker), terms.stake, "1"],
        ["HSET", keys("lease-tasks"), leaseId, taskId],
        ["SADD", keys("held", worker), leaseId],
      ]
    : [
        ["HINCRBY", keys("risk", worker), terms.stake, "-1"],
        ["HDEL", keys("lease-tasks"), leaseId],
        ["SREM", keys("held", worker), leaseId],
      ];
}
