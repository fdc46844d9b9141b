import { openRandom } from "./random.ts";

/** Who works, and how those lie that do. */
export type Scenario = {
  readonly workers: number;
  readonly tasks: number;
  /** Share of saboteurs among the workers. */
  readonly saboteurs: number;
  /** Chance that a saboteur lies about a task. */
  readonly lieRate: number;
  /** `together`: all of them lie about the same tasks, and say the same; `alone`: each when it likes, and what it likes. */
  readonly manner: "alone" | "together";
  /**
   * What becomes of one that is caught. `out`: it is sent away for good (literature: blacklisting), or its bond is used up and it has no
   * other. `back`: it comes back, under another name where its name was worth less than a new one, and with a new bond.
   */
  readonly caught: "out" | "back";
  /** Until this task saboteurs are honest; 0 for those that lie from the start. */
  readonly honestUntil: number;
};

export const RIGHT = 0;
const WRONG = 1;

export type Crowd = {
  readonly size: number;
  /** What a worker says of a task; {@link RIGHT}, or another number. */
  readonly answer: (worker: number, task: number) => number;
  /** Whether it lies about a task that it is checked by, and cannot tell from others. `about`: the task that is placed meanwhile. */
  readonly failsCheck: (worker: number, about: number) => boolean;
};

/** The same scenario and seed give the same saboteurs, which lie about the same tasks, whoever asks them. */
export function gather({ workers, tasks, saboteurs, lieRate, manner, honestUntil }: Scenario, seed: number): Crowd {
  const random = openRandom(seed, 0);
  const places = Array.from({ length: workers }, (_unused, worker) => ({ worker, at: random.next() }));
  const bad = new Set(
    places
      .sort((a, b) => a.at - b.at)
      .slice(0, Math.round(saboteurs * workers))
      .map(({ worker }) => worker),
  );
  const targets = Array.from({ length: tasks }, () => random.next() < lieRate);
  const isAwake = (worker: number, task: number): boolean => bad.has(worker) && task >= honestUntil;
  return {
    size: workers,
    answer: (worker, task) => {
      if (!isAwake(worker, task)) return RIGHT;
      if (manner === "together") return targets[task] ? WRONG : RIGHT;
      return random.next() < lieRate ? WRONG + 1 + worker : RIGHT;
    },
    failsCheck: (worker, about) => isAwake(worker, about) && random.next() < lieRate,
  };
}
