/**
 * What a step of a lane says: go on at once, look again after so many milliseconds, or wait until somebody wakes the lane.
 */
export type Next = "again" | { readonly inMs: number } | "wait";

/** How often a lane looks at what only time can change, in milliseconds. */
export const LOOK_MS = 1_000;
