import type { Address, Hash } from "../../../protocol/primitives.ts";
import type { TaskRecord } from "../tasks/task-state.ts";
import { isAnswered, isWorking } from "../votes/vote-state.ts";
import type { Vote } from "../votes/vote-state.ts";

/**
 * One vote of a task for each machine, and for each owner: two workers beside each other, or of one hand, agree as one agrees
 * with itself. A pool whose workers all share a machine, for trying things out, does without (`sameMachineVotes`).
 */

/** Where a worker is, and whose, as far as it says. */
export type Origin = Pick<Vote, "worker" | "machine" | "owner">;

/** Whose votes a task has. */
export type Spoken = { readonly machines: ReadonlySet<Hash>; readonly accounts: ReadonlySet<Address> };
export const NOBODY: Spoken = { machines: new Set(), accounts: new Set() };

/** Whether this is the vote of its machine and owner: it was given or may come yet, or was given and kept back. */
function isSpoken(vote: Vote): boolean {
  return isWorking(vote) || isAnswered(vote) || vote.state === "withheld";
}

/** The accounts of whoever has the worker: its own, and its owner's. */
function accountsOf({ worker, owner }: Origin): readonly Address[] {
  return owner === undefined ? [worker] : [worker, owner];
}

/** Whether two workers agree as one: they are on one machine, of one owner, or one is the other's owner. */
export function areAsOne(one: Origin, other: Origin): boolean {
  return one.machine === other.machine || hasAccountIn(one, new Set(accountsOf(other)));
}

export function hasAccountIn(origin: Origin, accounts: ReadonlySet<Address>): boolean {
  return accountsOf(origin).some((account) => accounts.has(account));
}

/** Whether another worker of the same machine or owner stands in the way of this vote. */
export function isSpokenFor(vote: Origin, { votes }: TaskRecord): boolean {
  return votes.some((other) => other.worker !== vote.worker && isSpoken(other) && areAsOne(other, vote));
}

/** Who has voted; of a vote that was found again on chain, its worker says only now where and whose it is. */
export function spokenOn({ votes }: TaskRecord, workers: readonly Origin[]): Spoken {
  const spoken = votes.filter(isSpoken);
  const voters = new Set<string>(spoken.map(({ worker }) => worker));
  const known = [...spoken, ...workers.filter(({ worker }) => voters.has(worker))];
  return { machines: new Set(known.map(({ machine }) => machine)), accounts: new Set(known.flatMap(accountsOf)) };
}

/** The first worker of each machine and owner, and the others, with what each shares with one before it. */
export function oneEach<T extends Origin>(
  ranked: readonly T[],
): {
  readonly first: readonly T[];
  readonly beside: readonly { readonly of: T; readonly shares: "machine" | "owner" }[];
} {
  const machines = new Set<Hash>();
  const accounts = new Set<Address>();
  const first: T[] = [];
  const beside: { of: T; shares: "machine" | "owner" }[] = [];
  for (const worker of ranked) {
    const isBeside = machines.has(worker.machine);
    if (isBeside || hasAccountIn(worker, accounts)) {
      beside.push({ of: worker, shares: isBeside ? "machine" : "owner" });
      continue;
    }
    machines.add(worker.machine);
    for (const account of accountsOf(worker)) accounts.add(account);
    first.push(worker);
  }
  return { first, beside };
}
