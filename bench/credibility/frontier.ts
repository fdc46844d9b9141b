import type { Point, World } from "./experiments.ts";
import type { PolicyName } from "./settings.ts";
import type { Measured } from "./statistics.ts";

/** A setting at the rate of lies that is worst for it: executions and error each at their highest. */
export type Worst = Measured & Pick<Point, "world" | "policy" | "setting" | "saboteurs">;

/** Saboteurs choose how often they lie, so a setting is as good as it is against the worst of them. */
export function worstOf(points: readonly Point[]): readonly Worst[] {
  const worst = new Map<string, Worst>();
  for (const { world, policy, setting, saboteurs, executions, error, undecided } of points) {
    const key = `${world} ${policy} ${setting} ${saboteurs}`;
    const before = worst.get(key);
    worst.set(key, {
      ...{ world, policy, setting, saboteurs },
      executions: before && before.executions.mean > executions.mean ? before.executions : executions,
      error: before && before.error.mean > error.mean ? before.error : error,
      undecided: Math.max(before?.undecided ?? 0, undecided),
    });
  }
  return [...worst.values()];
}

/** What a policy's cheapest setting that keeps its error below a bound costs; undefined where none of them does. */
export function cheapest(
  worst: readonly Worst[],
  wanted: { readonly world: World; readonly saboteurs: number; readonly policy: PolicyName; readonly error: number },
): Worst | undefined {
  return worst
    .filter(
      ({ world, saboteurs, policy }) =>
        world === wanted.world && saboteurs === wanted.saboteurs && policy === wanted.policy,
    )
    .filter(({ error }) => error.mean <= wanted.error)
    .reduce<Worst | undefined>(
      (best, each) => (best && best.executions.mean <= each.executions.mean ? best : each),
      undefined,
    );
}
