import type { Hash } from "../../../protocol/primitives.ts";
import type { TaskRecord } from "../tasks/task-state.ts";
import { isAnswered, isWorking } from "../votes/vote-state.ts";
import type { Vote } from "../votes/vote-state.ts";

/**
 * One vote of a task a machine: two workers beside each other agree as one machine agrees with itself. A pool whose workers
 * all share a machine, for trying things out, does without (`sameMachineVotes`).
 */

/** Whether this is the vote of its machine: it was given or may come yet, or was given and kept back. */
function isSpoken(vote: Vote): boolean {
  return isWorking(vote) || isAnswered(vote) || vote.state === "withheld";
}

/** Whether another worker of the same machine stands in the way of this vote. */
export function isSpokenFor({ worker, machine }: Pick<Vote, "worker" | "machine">, { votes }: TaskRecord): boolean {
  return votes.some((other) => other.worker !== worker && other.machine === machine && isSpoken(other));
}

type Resident = { readonly worker: string; readonly machine: Hash };

/** The machines that have voted; of a vote that was found again on chain, its worker says only now which it is. */
export function machinesOn({ votes }: TaskRecord, workers: readonly Resident[]): ReadonlySet<Hash> {
  const spoken = votes.filter(isSpoken);
  const voters = new Set<string>(spoken.map(({ worker }) => worker));
  return new Set([...spoken, ...workers.filter(({ worker }) => voters.has(worker))].map(({ machine }) => machine));
}

/** The first worker of each machine. */
export function firstOfMachine<T extends Resident>(ranked: readonly T[]): readonly T[] {
  const seen = new Set<Hash>();
  return ranked.filter(({ machine }) => !seen.has(machine) && seen.add(machine));
}
