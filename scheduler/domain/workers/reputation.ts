/**
 * What can become of a lease, as its pool counts it.
 *
 * - `success`    its vote agreed in a settle
 * - `late`       it lapsed, or its worker was silent when it was asked for a ballot or an opening
 * - `refused`    not wanted, failed at, said with nothing to show for it, or its output not delivered
 * - `disagreed`  its vote differed in a settle, or was kept sealed until it was too late
 */
export const OUTCOMES = ["success", "late", "refused", "disagreed"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** How many of its leases ended how, each counted the less the longer ago it was; as of `at`, in Unix milliseconds. */
export type Reputation = { readonly at: number } & Readonly<Record<Outcome, number>>;

/** Of whom the pool knows nothing. */
export const UNKNOWN: Reputation = { at: 0, success: 0, late: 0, refused: 0, disagreed: 0 };

/** What happened so long ago counts half: a week, as BOINC's recent average credit. */
export const HALF_LIFE_MS = 7 * 86_400_000;

/** The same record as of a later time; a clock that goes back changes nothing. */
export function faded(reputation: Reputation, now: number): Reputation {
  const kept = 0.5 ** (Math.max(0, now - reputation.at) / HALF_LIFE_MS);
  return mapped(reputation, Math.max(now, reputation.at), (count) => count * kept);
}

/** The record with one more outcome, as of now. */
export function withOutcome(reputation: Reputation, outcome: Outcome, now: number): Reputation {
  const before = faded(reputation, now);
  return { ...before, [outcome]: before[outcome] + 1 };
}

/** All that did not end well. */
export function faultsOf({ late, refused, disagreed }: Reputation): number {
  return late + refused + disagreed;
}

/** Share of its leases that ended well, 0 to 1, with one more that did: a newcomer has 1, and one fault does not make it 0. */
export function reliabilityOf(reputation: Reputation): number {
  const good = reputation.success + 1;
  return good / (good + faultsOf(reputation));
}

function mapped(reputation: Reputation, at: number, change: (count: number) => number): Reputation {
  const counts = OUTCOMES.map((outcome) => [outcome, change(reputation[outcome])] as const);
  return { ...reputation, ...Object.fromEntries(counts), at };
}
