import { consensusOf, votesWanted, voteWeight } from "../../../protocol/consensus.ts";
import { MAX_VOTES_PER_TASK } from "../../../protocol/constants.ts";
import type { Hash } from "../../../protocol/primitives.ts";
import { REFERENCE_SCORE, timeLimits } from "../../../protocol/time-limits.ts";
import { answersAwaited } from "../apps/answers.ts";
import { needsSecondMachine, ownFailures } from "./failure-votes.ts";
import { answeredVotes, weighed } from "./task-votes.ts";
import type { TaskRecord } from "../tasks/task-state.ts";
import { isAnswered, isWorking } from "./vote-state.ts";

/**
 * The answer on which enough workers agree by their tags, as `Hub` will count them; undefined while there is none, or while
 * the task waits for another answer: a worker that is watched gains nothing by being the first.
 */
export function agreedTag(task: TaskRecord): Hash | undefined {
  if (task.trial === "disputed" || needsSecondMachine(task) || answeredVotes(task).length < leastAnswers(task))
    return undefined;
  return consensusOf(countable(task), task.terms.trust);
}

/**
 * How many more leases a task wants: those out are expected to agree with the best group so far, and each further one to
 * have the weight of the next candidate. The same formula as on chain decides, so a worker with a high score can be enough.
 * @param candidates weights of the workers that could be leased next, best first
 */
export function leasesWanted(task: TaskRecord, candidates: readonly bigint[]): number {
  if (task.trial === "disputed") return 0;
  const working = task.votes.filter(isWorking);
  const room = Math.max(0, MAX_VOTES_PER_TASK - working.length - task.votes.filter(isAnswered).length);
  const expected = working.map((vote) => BigInt(vote.weight));
  const wanted = votesWanted(countable(task), [...expected, ...candidates], task.terms.trust) - working.length;
  const atLeast = needsSecondMachine(task) && working.length === 0 ? 1 : 0;
  const watching = leastAnswers(task) - votesOut(task);
  return Math.min(room, Math.max(atLeast, wanted, watching));
}

/** Answers that it waits for even where fewer decide it. */
function leastAnswers(task: TaskRecord): number {
  return Math.max(task.atLeast ?? 0, answersAwaited(task));
}

/** Weights of as many newcomers as a task may have votes: whoever may still come counts for no less. */
export function newcomersOf({ terms }: TaskRecord): readonly bigint[] {
  return Array.from({ length: MAX_VOTES_PER_TASK }, () => voteWeight(0, terms.maxWeight));
}

/** Votes that are given or expected. */
export function votesOut(task: TaskRecord): number {
  return task.votes.filter((vote) => isWorking(vote) || isAnswered(vote)).length;
}

/**
 * Whether the next worker would decide a task alone though its requester asked for more than one newcomer: then the pool's
 * dice say whether it is watched, so that nobody knows when it is not.
 * @param candidates as for {@link leasesWanted}
 */
export function isDecidedAlone(task: TaskRecord, candidates: readonly bigint[]): boolean {
  return candidates.length > 0 && task.terms.trust > 2 && votesOut(task) === 0 && leasesWanted(task, candidates) === 1;
}

/** Whether the deadline is so near that a lease given now might not end before it; `now` in Unix seconds. */
export function isLate({ terms }: TaskRecord, now: number): boolean {
  const { wallMs } = timeLimits(terms.limits.seconds, REFERENCE_SCORE, terms.limits.cpuMillicores);
  return now * 1_000 + wallMs > terms.deadline * 1_000;
}

/** The task waits for a second answer, whatever the first one weighs. */
export function watched(task: TaskRecord): TaskRecord {
  return { ...task, atLeast: 2 };
}

/** What decides the task is enough again. */
export function unwatched({ atLeast: _over, ...task }: TaskRecord): TaskRecord {
  return task;
}

function countable(task: TaskRecord): readonly { readonly digest: Hash; readonly weight: bigint }[] {
  const dropped = new Set(ownFailures(task).map((vote) => vote.leaseId));
  const votes = answeredVotes(task).filter((vote) => !dropped.has(vote.leaseId));
  return weighed(votes.map(({ tag, weight }) => ({ digest: tag, weight })));
}
