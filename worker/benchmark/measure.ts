import { PARTS } from "./workloads.ts";
import type { Part, Workload } from "./workloads.ts";

/** Units that one core did in a millisecond of its own time, the best of several tries. */
export type Rates = Readonly<Record<Part, number>>;

/** How often each part is measured, in turn with the others: what disturbs one try does not disturb all. */
const TRIES = 12;
/** CPU time of one try, and of what goes before the first until the compiler is done with it. */
const TRY_MS = 25;
const WARM_UP_MS = 40;

/**
 * Measures in CPU time of this thread, so that what else runs on the machine costs little but its share of the caches; takes
 * about a second and a half on any machine, half of that if it is fast to warm up.
 * @param cpuMs milliseconds of CPU time that this thread has used; may grow in steps of several
 * @throws Error when a part computes something wrong
 */
export function measureRates(workloads: Readonly<Record<Part, Workload>>, cpuMs: () => number): Rates {
  const rates = Object.fromEntries(PARTS.map((part) => [part, 0])) as Record<Part, number>;
  for (const part of PARTS) {
    verify(part, workloads[part]);
    rateOf(workloads[part], WARM_UP_MS, cpuMs);
  }
  for (let round = 0; round < TRIES; round++) {
    for (const part of PARTS) rates[part] = Math.max(rates[part], rateOf(workloads[part], TRY_MS, cpuMs));
  }
  return rates;
}

function verify(part: Part, { unit, expected }: Workload): void {
  const got = unit(0);
  if (expected !== undefined && got !== expected) throw new Error(`${part} gives ${got} instead of ${expected}`);
}

/** Begins and ends where the clock steps, so that its steps do not matter. */
function rateOf({ unit }: Workload, forMs: number, cpuMs: () => number): number {
  let turn = 0;
  const untilStep = (): number => {
    const before = cpuMs();
    for (;;) {
      unit(++turn);
      const now = cpuMs();
      if (now !== before) return now;
    }
  };
  const began = untilStep();
  const first = turn;
  let now = began;
  while (now - began < forMs) now = untilStep();
  return (turn - first) / (now - began);
}
