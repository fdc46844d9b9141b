import type { Hash } from "./primitives.ts";

/**
 * Weighted consensus in odds form (Sarmenta 2001, FGCS 18; docs/protocol.md, "Votes, ballots, epochs"). The scheduler
 * plans with exactly the formula that `Hub` settles by; shared vectors hold the two together.
 */

/** Weight of one vote: `min(max(score / 3, 3) - 1, maxWeight)`; a newcomer has 2. */
export function voteWeight(score: number, maxWeight: number): bigint {
  return BigInt(Math.min(Math.max(Math.floor(score / 3), 3) - 1, maxWeight));
}

/** A vote as consensus sees it: which answer, with which weight. */
export type WeightedVote = { readonly digest: Hash; readonly weight: bigint };

/** Product of the weights of each answer's votes. */
export function groupWeights(votes: readonly WeightedVote[]): ReadonlyMap<Hash, bigint> {
  const groups = new Map<Hash, bigint>();
  for (const { digest, weight } of votes) groups.set(digest, (groups.get(digest) ?? 1n) * weight);
  return groups;
}

/** Whether a group of this weight is accepted: `group * trust > total * (trust - 1)`. */
export function isAccepted(group: bigint, total: bigint, trust: number): boolean {
  return group * BigInt(trust) > total * BigInt(trust - 1);
}

/** The accepted answer, or undefined while there is none. At most one can be accepted, since trust is at least 2. */
export function consensusOf(votes: readonly WeightedVote[], trust: number): Hash | undefined {
  const groups = groupWeights(votes);
  const total = 1n + [...groups.values()].reduce((sum, weight) => sum + weight, 0n);
  return [...groups].find(([, weight]) => isAccepted(weight, total, trust))?.[0];
}

/**
 * How many of `candidates` (weights, in the order in which they would be leased) must agree with the best group so far
 * to reach consensus. Returns `candidates.length + 1` when even all of them are too few, 0 when there is consensus now.
 */
export function votesWanted(votes: readonly WeightedVote[], candidates: readonly bigint[], trust: number): number {
  const weights = [...groupWeights(votes).values()].sort((a, b) => (a < b ? 1 : -1));
  const others = weights.slice(1).reduce((sum, weight) => sum + weight, 0n);
  let best = weights[0] ?? 1n;
  for (let wanted = 0; wanted <= candidates.length; wanted++) {
    if (isAccepted(best, 1n + best + others, trust)) return wanted;
    best *= candidates[wanted] ?? 1n;
  }
  return candidates.length + 1;
}

/** A pool worker's share of the reward: `floor(log2 w)`. */
export function rewardShare(weight: bigint): bigint {
  return BigInt(weight.toString(2).length - 1);
}
