import { parse, View } from "vega";
import { compile } from "vega-lite";
import type { TopLevelSpec } from "vega-lite";

import { WORLDS } from "./experiments.ts";
import type { Results } from "./results.ts";
import { POLICIES, SOME } from "./settings.ts";
import type { Estimate } from "./statistics.ts";

/** Rarer errors than so few tasks can show are drawn here. */
const FLOOR = 0.0001;
const POLICY_COLORS = ["#7f7f7f", "#d95f02", "#1f78b4", "#1b9e3f"];
/** Shades of the same colours, for each of SOME. */
const SETTING_COLORS = [
  "#b0b0b0",
  "#5f5f5f",
  "#f4a259",
  "#b34700",
  "#1f78b4",
  "#b8de7a",
  "#66c266",
  "#1b9e3f",
  "#00591c",
];

const BASE = {
  background: "white",
  config: { legend: { labelLimit: 0 }, line: { strokeWidth: 1.5 } },
};
const ERROR = {
  field: "error",
  type: "quantitative" as const,
  title: "wrong answers",
  scale: { type: "log" as const, domain: [FLOOR, 0.4] },
  axis: { format: "~%", values: [0.0001, 0.001, 0.01, 0.1] },
};
const EXECUTIONS = { field: "executions", type: "quantitative" as const, title: "executions a task" };
const WORLD = { field: "world", type: "nominal" as const, sort: WORLDS.map(({ world }) => world), title: null };

/** The plots of docs/credibility.md as SVG, by name. */
export async function plotsOf(results: Results): Promise<Readonly<Record<string, string>>> {
  const specs = { frontier: frontier(results), "lie-rate": lieRates(results), record: records(results) };
  const drawn = Object.entries(specs).map(async ([name, spec]) => [name, await draw(spec)] as const);
  return Object.fromEntries(await Promise.all(drawn));
}

async function draw(spec: TopLevelSpec): Promise<string> {
  const view = new View(parse(compile(spec).spec), { renderer: "none" });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

type Plotted = { readonly executions: Estimate; readonly error: Estimate };

/** Points with plain numbers, and the ends of the error's bar. */
function flat<P extends Plotted>(points: readonly P[]) {
  const shown = (share: number): number => Math.max(share, FLOOR);
  return points.map(({ executions, error, ...rest }) => ({
    ...rest,
    executions: executions.mean,
    error: shown(error.mean),
    low: shown(error.mean - error.off),
    high: shown(error.mean + error.off),
  }));
}

/** Settings that no other one of the same policy beats in both. */
function frontOf({ worst }: Results): Results["worst"] {
  return worst.filter(
    (one) =>
      !worst.some(
        (other) =>
          other.world === one.world &&
          other.saboteurs === one.saboteurs &&
          other.policy === one.policy &&
          other.executions.mean < one.executions.mean &&
          other.error.mean <= one.error.mean,
      ),
  );
}

function frontier(results: Results): TopLevelSpec {
  const front = new Set(frontOf(results));
  const share = (saboteurs: number): string => `${saboteurs * 100} % saboteurs`;
  const values = results.worst.flatMap((each) =>
    flat([each]).map((point) => ({ ...point, share: share(each.saboteurs), isFront: front.has(each) })),
  );
  const color = {
    ...{ field: "policy", type: "nominal" as const, title: null },
    scale: { domain: [...POLICIES], range: POLICY_COLORS },
  };
  const x = { ...EXECUTIONS, scale: { domain: [1, 7] } };
  return {
    ...BASE,
    title: "Wrong answers against executions, each setting at the rate of lies that is worst for it",
    data: { values },
    facet: {
      column: { field: "share", type: "nominal", sort: [...new Set(values.map((value) => value.share))], title: null },
      row: WORLD,
    },
    spec: {
      ...{ width: 150, height: 150 },
      layer: [
        { transform: [{ filter: "datum.isFront" }], mark: "line", encoding: { x, y: ERROR, color } },
        { mark: { type: "circle", size: 22, opacity: 1 }, encoding: { x, y: ERROR, color } },
      ],
    },
  };
}

const hue = (names: readonly string[]) => ({
  ...{ field: "name", type: "nominal" as const, title: null },
  scale: { domain: [...names], range: SETTING_COLORS },
});

const NAMES = SOME.map(({ policy, name }) => `${policy}, ${name}`);
const named = <P extends { readonly policy: string; readonly setting: string }>(point: P) => ({
  ...point,
  name: `${point.policy}, ${point.setting}`,
});

function lieRates({ byLieRate }: Results): TopLevelSpec {
  const x = {
    ...{ field: "lieRate", type: "quantitative" as const, title: "how often a saboteur lies" },
    ...{ scale: { type: "log" as const }, axis: { format: "~%", values: [0.02, 0.05, 0.1, 0.2, 0.5, 1] } },
  };
  const values = flat(byLieRate).map(named);
  const worlds = WORLDS.filter(({ world }) => values.some((value) => value.world === world));
  return {
    ...BASE,
    title: "20 % saboteurs: wrong answers and executions against how often they lie",
    data: { values },
    hconcat: worlds.map(({ world }) => ({
      title: world,
      transform: [{ filter: { field: "world", equal: world } }],
      vconcat: [errorPanel(x), executionsPanel(x)],
    })),
  };
}

function records({ byRecord }: Results): TopLevelSpec {
  const x = {
    ...{ field: "tasksEach", type: "quantitative" as const, title: "tasks for each worker, from the first on" },
    ...{ scale: { type: "log" as const, domain: [4, 220] }, axis: { values: [5, 10, 20, 50, 100, 200] } },
  };
  return {
    ...BASE,
    title: "20 % saboteurs that lie about every twentieth task: what a record is worth",
    data: { values: flat(byRecord).map(named) },
    hconcat: [executionsPanel(x), errorPanel(x)],
  };
}

type Axis = { readonly field: string; readonly type: "quantitative"; readonly title: string };

/** Means with their 95 % bars. */
const errorPanel = (x: Axis) => ({
  ...{ width: 300, height: 240 },
  layer: [
    { mark: { type: "line" as const, point: { size: 22 } }, encoding: { x, y: ERROR, color: hue(NAMES) } },
    {
      mark: { type: "rule" as const, opacity: 0.5 },
      encoding: { x, y: { ...ERROR, field: "low" }, y2: { field: "high" }, color: hue(NAMES) },
    },
  ],
});

const executionsPanel = (x: Axis) => ({
  ...{ width: 300, height: 240 },
  mark: { type: "line" as const, point: { size: 22 } },
  encoding: { x, y: { ...EXECUTIONS, scale: { zero: false } }, color: hue(NAMES) },
});
