import type { Address } from "../../../protocol/primitives.ts";

/**
 * Fair share by decayed usage, as HTCondor's user priorities: whoever has had the least of late comes first. Usage is weighed by
 * the time of its use, the later the more (forward decay: Cormode and others, 2009), so that what is stored never has to fade:
 * it halves beside what is used a week later, and shares are compared as they stand.
 */

/** What was used a week ago counts half. */
const HALF_LIFE_MS = 7 * 86_400_000;
/** Weights are 1 here, in Unix milliseconds (2026-01-01); they stay within a double for nineteen years. */
const ORIGIN_MS = 1_767_225_600_000;
/** What a lease is taken to cost a requester of whom no lease has ended yet, in core-seconds. */
const UNKNOWN_COST = 10;

/** How much a use at this time (Unix milliseconds) counts. */
export function weightAt(now: number): number {
  return 2 ** ((now - ORIGIN_MS) / HALF_LIFE_MS);
}

/** A requester with tasks that wait. `used` and `ended` are sums of weights: core-seconds of leases, and leases that ended. */
export type Claimant = {
  readonly requester: Address;
  readonly used: number;
  readonly ended: number;
  /** Leases that are out now. */
  readonly working: number;
  /** Tasks that wait. */
  readonly waiting: number;
};

/** A claimant as its share grows; `level` is what it has had, with what is out and what it was given here. */
type Share = { readonly requester: Address; readonly cost: number; left: number; level: number };

/**
 * Whose task is looked at next, `count` times over: always his who has had least, what is out and what was just given counted at
 * what a lease of his usually costs.
 */
export function sharesOf(claimants: readonly Claimant[], count: number, now: number): readonly Address[] {
  const shares = claimants.map((claimant) => shareOf(claimant, weightAt(now)));
  const turns: Address[] = [];
  while (turns.length < count) {
    const next = leastOf(shares);
    if (!next) break;
    next.left -= 1;
    next.level += next.cost;
    turns.push(next.requester);
  }
  return turns;
}

function shareOf({ requester, used, ended, working, waiting }: Claimant, weight: number): Share {
  const cost = (ended > 0 ? used / ended : UNKNOWN_COST) * weight;
  return { requester, cost, left: waiting, level: used + working * cost };
}

function leastOf(shares: readonly Share[]): Share | undefined {
  const waiting = shares.filter(({ left }) => left > 0);
  return waiting.reduce<Share | undefined>(
    (least, each) => (least && least.level <= each.level ? least : each),
    undefined,
  );
}
