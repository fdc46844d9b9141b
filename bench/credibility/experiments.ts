import type { Scenario } from "./crowd.ts";
import { majorityError, majorityRedundancy, spotCheckError } from "./formulas.ts";
import { credibility } from "./credibility.ts";
import { gridmill } from "./gridmill.ts";
import type { Choice } from "./gridmill.ts";
import { majority } from "./majority.ts";
import { CHANGES, SETTINGS, SOME } from "./settings.ts";
import type { PolicyName, Setting } from "./settings.ts";
import { measure } from "./statistics.ts";
import type { Measured } from "./statistics.ts";

/** Sixty workers with some fifty tasks each, which is long enough for a record, and short enough for beginnings to count. */
export const WORKLOAD: Scenario = {
  ...{ workers: 60, tasks: 3_000, saboteurs: 0.2, lieRate: 0.2 },
  ...{ manner: "together", caught: "out", honestUntil: 0 },
};

/** What liars may do to a pool. A fourth, liars each for itself that come back, is easier than the second and third. */
export const WORLDS = [
  { world: "lie together, out when caught", manner: "together", caught: "out" },
  { world: "lie together, come back", manner: "together", caught: "back" },
  { world: "lie alone, out when caught", manner: "alone", caught: "out" },
] as const;
export type World = (typeof WORLDS)[number]["world"];

export const SHARES = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3] as const;
/** From those that hide to those that always lie. */
const LIE_RATES = [0.05, 0.2, 1] as const;

export type Point = Measured & {
  readonly world: World;
  readonly policy: PolicyName;
  readonly setting: string;
  readonly saboteurs: number;
  readonly lieRate: number;
};

/** Every setting, in every world, with every share of saboteurs and rate of lies. */
export function grid(): readonly Point[] {
  return WORLDS.flatMap((world) =>
    SHARES.flatMap((saboteurs) =>
      LIE_RATES.flatMap((lieRate) => SETTINGS.map((setting) => pointOf(setting, world, { saboteurs, lieRate }))),
    ),
  );
}

/** Some settings against how often a saboteur lies: 20 % of them. */
export function byLieRate(): readonly Point[] {
  return WORLDS.slice(0, 2).flatMap((world) =>
    [0.02, 0.05, 0.1, 0.2, 0.5, 1].flatMap((lieRate) => SOME.map((setting) => pointOf(setting, world, { lieRate }))),
  );
}

/** Some settings against how long the workers have been there, in tasks for each of them. */
export function byRecord(): readonly (Point & { readonly tasksEach: number })[] {
  return [5, 10, 20, 50, 100, 200].flatMap((tasksEach) =>
    SOME.map((setting) => ({
      ...pointOf(setting, WORLDS[0], { tasks: tasksEach * WORKLOAD.workers, lieRate: 0.05 }),
      tasksEach,
    })),
  );
}

/** Saboteurs that are honest for the first half of the tasks, and then lie about all: the error of the second half. */
export function sleepers(): readonly Point[] {
  const half = WORKLOAD.tasks / 2;
  return WORLDS.slice(0, 2).flatMap((world) =>
    SOME.map((setting) => {
      const point = pointOf(setting, world, { lieRate: 1, honestUntil: half });
      return { ...point, error: { mean: short(2 * point.error.mean), off: short(2 * point.error.off) } };
    }),
  );
}

type Change = Measured & {
  readonly change: Partial<Choice>;
  readonly trust: number;
  readonly world: World;
  readonly lieRate: number;
};

/** What each number of ours does, one at a time: 20 % saboteurs. */
export function tuning(): readonly Change[] {
  return WORLDS.slice(0, 2).flatMap((world) =>
    [0.05, 1].flatMap((lieRate) =>
      CHANGES.map((change) => {
        const trust = 10;
        const setting: Setting = { policy: "Gridmill", name: "", run: gridmill({ trust, ...change }) };
        const { executions, error, undecided } = measure(setting, scenarioOf(world, { lieRate }));
        return { change, trust, world: world.world, lieRate, executions, error, undecided };
      }),
    ),
  );
}

type Graded = Measured & {
  readonly trust: number;
  readonly grades: boolean;
  readonly world: World;
  readonly lieRate: number;
  readonly honestUntil: number;
};

/** What quarantine, probation and spot checks add: 20 % saboteurs; the error of sleepers is that of the second half. */
export function graded(): readonly Graded[] {
  const half = WORKLOAD.tasks / 2;
  const lies = [{ lieRate: 0.05 }, { lieRate: 1 }, { lieRate: 1, honestUntil: half }];
  return WORLDS.slice(0, 2).flatMap((world) =>
    lies.flatMap((lie) =>
      [3, 10, 17].flatMap((trust) =>
        [false, true].map((grades) => {
          const setting: Setting = { policy: "Gridmill", name: "", run: gridmill({ trust, grades }) };
          const { executions, error, undecided } = measure(setting, scenarioOf(world, lie));
          const honestUntil = lie.honestUntil ?? 0;
          const share = honestUntil > 0 ? 2 : 1;
          const own = { mean: short(share * error.mean), off: short(share * error.off) };
          return {
            ...{ trust, grades, world: world.world, lieRate: lie.lieRate, honestUntil },
            executions,
            error: own,
            undecided,
          };
        }),
      ),
    ),
  );
}

/** What a formula says, and what was simulated. */
type Check = {
  readonly what: string;
  readonly executions: Measured["executions"];
  readonly executionsByFormula: number;
  readonly error: Measured["error"];
  readonly errorByFormula: number;
};

/** What has a closed form, beside what was simulated. Many workers: the formulas draw each answer from the same crowd. */
export function closedForms(): readonly Check[] {
  const scenario = { ...WORKLOAD, workers: 1_000, tasks: 10_000, lieRate: 1 };
  const voting = [0.1, 0.2, 0.3].flatMap((f) =>
    [2, 3].map((m): Check => {
      const measured = measure({ policy: "majority", name: "", run: majority(m) }, { ...scenario, saboteurs: f });
      return compare(`${m} of ${2 * m - 1} agree, f = ${f}`, measured, majorityRedundancy(f, m), majorityError(f, m));
    }),
  );
  const checked = [0.1, 0.2].map((f): Check => {
    const each = { ...scenario, workers: 200, tasks: 9_000, saboteurs: f, lieRate: 0.2 };
    const measured = measure({ policy: "credibility", name: "", run: credibility(1, 0.1) }, each);
    const jobs = (measured.executions.mean * each.tasks) / each.workers;
    return compare(`spot checks alone, f = ${f}`, measured, 1 / (1 - 0.1), spotCheckError(f, 0.2, 0.1, jobs));
  });
  return [...voting, ...checked];
}

function compare(what: string, { executions, error }: Measured, expected: number, wrong: number): Check {
  return { what, executions, executionsByFormula: short(expected), error, errorByFormula: short(wrong) };
}

const short = (value: number): number => Number(value.toPrecision(4));

function pointOf(setting: Setting, world: (typeof WORLDS)[number], changes: Partial<Scenario>): Point {
  const scenario = scenarioOf(world, changes);
  const { saboteurs, lieRate } = scenario;
  const { policy, name } = setting;
  return { world: world.world, policy, setting: name, saboteurs, lieRate, ...measure(setting, scenario) };
}

function scenarioOf({ manner, caught }: (typeof WORLDS)[number], changes: Partial<Scenario>): Scenario {
  return { ...WORKLOAD, manner, caught, ...changes };
}
