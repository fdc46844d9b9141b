import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** Random numbers that are the same for the same seed, everywhere. */
export type Random = {
  /** Uniform in [0, 1). */
  readonly next: () => number;
  /** A whole number, uniform from 0 to `count - 1`. */
  readonly below: (count: number) => number;
};

/** @param stream streams of one seed do not overlap: who lies is drawn from another one than who is asked */
export function openRandom(seed: number, stream: number): Random {
  const generator = xoroshiro128plus(seed);
  for (let jumps = 0; jumps < stream; jumps++) generator.jump();
  const next = (): number => uniformFloat64(generator);
  return { next, below: (count) => Math.floor(next() * count) };
}

/** One of `count` things at random, none of those that are `taken`; undefined when all are. */
export function pickOther(random: Random, count: number, taken: readonly number[]): number | undefined {
  if (taken.length >= count) return undefined;
  let picked = random.below(count);
  while (taken.includes(picked)) picked = random.below(count);
  return picked;
}
