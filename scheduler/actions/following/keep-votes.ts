import { voteWeight } from "../../../protocol/consensus.ts";
import { keptVotesHash } from "../../../protocol/kept-votes.ts";
import { ZERO_HASH } from "../../../protocol/primitives.ts";
import type { Address, Hash, Hex } from "../../../protocol/primitives.ts";
import type { KeptVote } from "../../../protocol/settlement.ts";
import { randomUUID } from "node:crypto";
import { reconsidered } from "../../domain/votes/after-votes.ts";
import { heldUntil, silentVotes, withKeptVotes, withOpenedVote } from "../../domain/votes/kept-votes.ts";
import type { KeptOpening } from "../../domain/votes/kept-votes.ts";
import { isLive, moveTask } from "../../domain/tasks/task-state.ts";
import type { TaskRecord } from "../../domain/tasks/task-state.ts";
import { withMovedVotes } from "../../domain/votes/task-votes.ts";
import type { Vote } from "../../domain/votes/vote-state.ts";
import { agreedTag } from "../../domain/votes/votes-needed.ts";
import type { PoolContext } from "../context.ts";
import { noteEnding } from "./note-ending.ts";
import { reweigh, standingsOf } from "../standings.ts";
import type { Standings } from "../standings.ts";

/** What the chain keeps of a task's votes, whoever hears of it first: the settle's own receipt or the watcher. Idempotent. */

/** @param isOver whether the epoch that the task stands in has settled with this, so that the task leaves it */
export async function keepVotes(
  pool: PoolContext,
  taskId: Hash,
  votes: readonly KeptVote[],
  isOver: boolean,
): Promise<void> {
  const before = await pool.tasks.get(taskId);
  if (!before || !isLive(before.state)) return;
  const { keptAt, votesHash } = await pool.chain.keptVotesOf(taskId);
  const at = pool.chain.now();
  const news = { votes, at: votesHash === keptVotesHash(votes) ? keptAt : at };
  const voters = [...before.votes, ...votes].map(({ worker }) => worker);
  const standings = await standingsOf(pool, voters);
  const strangers = new Map(votes.map(({ worker }) => [worker, strangerVote(before, worker, standings, at)]));

  const task = await pool.tasks.update(taskId, (current) => {
    if (!isLive(current.state)) return undefined;
    const kept = isNews(current, news, votesHash) ? withKeptVotes(current, news, strangers, at) : current;
    const weighed = kept === current ? current : reweigh(kept, standings);
    return isOver && current.state === "sealed" ? leftEpoch(weighed, at) : reconsidered(weighed, at);
  });
  if (!task) return;
  if (before.state === "sealed" && isOver) {
    for (const { worker } of silentVotes(task)) await noteEnding(pool, worker, "late");
  }
  await wake(pool, task);
}

/** An event that the chain has moved on from says nothing against what the chain keeps by now. */
function isNews({ kept }: TaskRecord, news: { votes: readonly KeptVote[]; at: number }, onChain: Hex): boolean {
  const [known, told] = [keptVotesHash(kept?.votes ?? []), keptVotesHash(news.votes)];
  if (known === told) return told === onChain && kept !== undefined && kept.at !== news.at;
  return told === onChain || known !== onChain;
}

/** A vote that this pool has no record of, by a worker that it may never have seen. */
function strangerVote({ terms }: TaskRecord, worker: Address, standings: Standings, at: number): Vote {
  const score = standings.get(worker)?.score ?? 0;
  return {
    leaseId: randomUUID(),
    worker,
    machine: ZERO_HASH,
    state: "lost",
    at,
    weight: voteWeight(score, terms.maxWeight).toString(),
    spare: { benchmark: 0, memoryMiB: 0 },
    since: at * 1_000,
  };
}

/** What is in no ballot any more and was not kept had no cover; the task looks for more votes, or waits for its next epoch. */
function leftEpoch(task: TaskRecord, at: number): TaskRecord {
  const { uploadsFailed: _failed, waitingFor: _held, ...rest } = task;
  const inEpoch = ({ state }: Vote): boolean => state === "balloted" || state === "opened";
  const left = withMovedVotes(rest, inEpoch, "lost", at, { code: "GM_STAKE_UNCOVERED" });
  const next = agreedTag(left) === undefined ? "planned" : "agreed";
  return noteHeld(moveTask(left, next, at, "a settle left it open and kept its votes"));
}

/** The task as others know it: what it waits for, when that is a vote that nobody has opened. */
function noteHeld(task: TaskRecord): TaskRecord {
  const end = heldUntil(task);
  if (end === undefined || task.state !== "agreed") return task;
  const time = new Date(end * 1_000).toISOString().replace(/\.\d+Z$/, "Z");
  return { ...task, waitingFor: `${silentVotes(task).length} sealed vote(s) to be opened, until ${time} at most` };
}

async function wake(pool: PoolContext, { taskId, terms, state }: TaskRecord): Promise<void> {
  if (state === "agreed") await pool.wake.lane(terms.lane);
  else await pool.wake.task(taskId);
}

/** Somebody has told what opens a kept vote: its worker, or the chain. */
export async function openKeptVote(pool: PoolContext, taskId: Hash, opening: KeptOpening): Promise<void> {
  const at = pool.chain.now();
  const task = await pool.tasks.update(taskId, (current) => {
    const opened = withOpenedVote(current, opening);
    if (!opened) return undefined;
    const { waitingFor: _vote, ...rest } = opened;
    return reconsidered(heldUntil(opened) === undefined ? rest : opened, at);
  });
  if (!task) return;
  pool.log.info({ task: taskId, deal: task.dealId, worker: opening.worker }, "kept vote opened");
  await wake(pool, task);
}

/** A kept vote that was not opened in time has cost its worker a stake; it gets this task no more. */
export async function withholdVote(pool: PoolContext, taskId: Hash, worker: Address): Promise<void> {
  const at = pool.chain.now();
  const code = "GM_NOT_OPENED";
  const isIts = (vote: Vote): boolean => vote.worker === worker && vote.state === "kept";
  const task = await pool.tasks.update(taskId, (current) =>
    current.votes.some(isIts) ? withMovedVotes(current, isIts, "withheld", at, { code }) : undefined,
  );
  if (!task) return;
  pool.log.warn({ task: taskId, deal: task.dealId, worker }, "vote withheld");
  await noteEnding(pool, worker, "disagreed");
}
