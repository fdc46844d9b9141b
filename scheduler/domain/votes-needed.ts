import { consensusOf, votesWanted } from "../../protocol/consensus.ts";
import { MAX_VOTES_PER_TASK } from "../../protocol/constants.ts";
import type { Hash } from "../../protocol/primitives.ts";
import { needsSecondMachine, ownFailures } from "./failure-votes.ts";
import { answeredVotes, weighed } from "./task-votes.ts";
import type { TaskRecord } from "./task-state.ts";
import { isAnswered, isWorking } from "./vote-state.ts";

/** The answer on which enough workers agree by their tags, as `Hub` will count them; undefined while there is none. */
export function agreedTag(task: TaskRecord): Hash | undefined {
  if (needsSecondMachine(task)) return undefined;
  return consensusOf(countable(task), task.terms.trust);
}

/**
 * How many more leases a task wants: those out are expected to agree with the best group so far, and each further one to
 * have the weight of the next candidate. The same formula as on chain decides, so a worker with a high score can be enough.
 * @param candidates weights of the workers that could be leased next, best first
 */
export function leasesWanted(task: TaskRecord, candidates: readonly bigint[]): number {
  const working = task.votes.filter(isWorking);
  const room = Math.max(0, MAX_VOTES_PER_TASK - working.length - task.votes.filter(isAnswered).length);
  const expected = working.map((vote) => BigInt(vote.weight));
  const wanted = votesWanted(countable(task), [...expected, ...candidates], task.terms.trust) - working.length;
  const atLeast = needsSecondMachine(task) && working.length === 0 ? 1 : 0;
  return Math.min(room, Math.max(atLeast, wanted));
}

function countable(task: TaskRecord): readonly { readonly digest: Hash; readonly weight: bigint }[] {
  const dropped = new Set(ownFailures(task).map((vote) => vote.leaseId));
  const votes = answeredVotes(task).filter((vote) => !dropped.has(vote.leaseId));
  return weighed(votes.map(({ tag, weight }) => ({ digest: tag, weight })));
}
