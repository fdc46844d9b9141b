import type { TaskView } from "../sdk/deals.ts";

import { facts, table } from "./print.ts";

/** A task for programs, as docs/cli.md describes it. */
export function taskJson({ taskId, dealId, index, status, deadline, votes, digest, history }: TaskView): object {
  const told = votes.map(({ worker, status: vote, at }) => ({ worker, status: vote, at }));
  return { taskId, dealId, index, status, deadline, votes: told, digest, history };
}

/** A task for people. */
export function taskText(task: TaskView): string {
  const { taskId, dealId, index, status, payer, deadline, digest, waitingFor, votes, history } = task;
  const refunded = status === "declined" || status === "claimed";
  const head = facts({
    ...{ task: taskId, deal: dealId, index, status, deadline: when(deadline) },
    "refunded to": refunded ? payer : undefined,
    digest: digest ?? undefined,
    waiting: waitingFor ?? undefined,
  });
  const voteRows = votes.map(({ worker, status: vote, at, stage, code }) => [
    worker,
    vote,
    (vote === "running" ? stage : code) ?? "",
    when(at),
  ]);
  const historyRows = history.map(({ at, status: was, note }) => [when(at), was, note]);
  return [
    head,
    ...(voteRows.length > 0 ? [table(["worker", "vote", "", "at"], voteRows)] : []),
    ...(historyRows.length > 0 ? [table(["at", "status", "note"], historyRows)] : []),
  ].join("\n\n");
}

/** Unix seconds for people, in UTC. */
export function when(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace(/\.\d+Z$/, "Z");
}
