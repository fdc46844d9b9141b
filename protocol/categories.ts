/** Times in seconds on the reference machine, by category 0 to 4 (docs/protocol.md, "Orders"). */
const REFERENCE_SECONDS = [300, 1_200, 3_600, 10_800, 36_000] as const;

/** A deal's deadline lies this many reference times after it was opened. */
export const DEADLINE_FACTOR = 10;

/** Most seconds a task of this category may run on the reference machine. */
export function categorySeconds(category: number): number {
  const seconds = REFERENCE_SECONDS[category];
  if (seconds === undefined) throw new RangeError(`Category ${category} does not exist`);
  return seconds;
}

/** Unix second of the deadline of a deal opened at `openedAt`. */
export function categoryDeadline(category: number, openedAt: number): number {
  return openedAt + DEADLINE_FACTOR * categorySeconds(category);
}
