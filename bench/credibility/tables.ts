import { SHARES, WORLDS } from "./experiments.ts";
import type { World } from "./experiments.ts";
import { cheapest } from "./frontier.ts";
import type { Worst } from "./frontier.ts";
import type { Results } from "./results.ts";
import { POLICIES } from "./settings.ts";
import type { Estimate } from "./statistics.ts";

/** A table as its head and rows. */
export type Table = { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] };

/** Errors for which the cheapest settings are compared. */
const BOUNDS = [0.01, 0.003] as const;

const times = (value: number): string => value.toFixed(2);
const percent = (share: number): string => `${Number((share * 100).toFixed(2))} %`;
const withError = ({ mean, off }: Estimate): string => `${(mean * 100).toFixed(2)} ± ${(off * 100).toFixed(2)} %`;

/** The tables of docs/credibility.md, by name. */
export function tablesOf(results: Results): Readonly<Record<string, Table>> {
  const bounds = WORLDS.flatMap(({ world }, place) =>
    BOUNDS.map(
      (error) => [`cheapest-${place + 1}-${error * 100}`, cheapestTable(results.worst, world, error)] as const,
    ),
  );
  return {
    ...Object.fromEntries(bounds),
    "closed-forms": closedFormsTable(results),
    sleepers: sleepersTable(results),
    tuning: tuningTable(results),
    graded: gradedTable(results),
  };
}

function cheapestTable(worst: readonly Worst[], world: World, error: number): Table {
  const rows = SHARES.map((saboteurs) => {
    const best = POLICIES.map((policy) => cheapest(worst, { world, saboteurs, policy, error }));
    const ours = best.at(-1);
    const ratio = (other: Worst | undefined): string =>
      ours && other ? ` = ${times(other.executions.mean / ours.executions.mean)} x` : "";
    const cells = best.map((each) =>
      each ? `${times(each.executions.mean)} (${each.setting})${each === ours ? "" : ratio(each)}` : "none",
    );
    return [percent(saboteurs), ...cells];
  });
  return { head: ["saboteurs", ...POLICIES], rows };
}

function closedFormsTable({ closedForms }: Results): Table {
  const rows = closedForms.map(({ what, executions, executionsByFormula, error, errorByFormula }) => [
    ...[what, times(executionsByFormula), `${times(executions.mean)} ± ${executions.off.toFixed(3)}`],
    ...[percent(errorByFormula), withError(error)],
  ]);
  return { head: ["", "executions by formula", "simulated", "error by formula", "simulated"], rows };
}

function sleepersTable({ sleepers }: Results): Table {
  const [first, second] = WORLDS.map(({ world }) => sleepers.filter((point) => point.world === world));
  const rows = first!.map(({ policy, setting, executions, error }, i) => [
    ...[`${policy}, ${setting}`, times(executions.mean), withError(error)],
    ...[times(second![i]!.executions.mean), withError(second![i]!.error)],
  ]);
  return { head: ["", "executions, out when caught", "error", "executions, come back", "error"], rows };
}

function tuningTable({ tuning }: Results): Table {
  const changes = [...new Set(tuning.map(({ change }) => JSON.stringify(change)))];
  const cases = [...new Set(tuning.map(({ world, lieRate }) => `${world}; ${percent(lieRate)} lies`))];
  const rows = changes.map((change) => {
    const cells = tuning
      .filter((each) => JSON.stringify(each.change) === change)
      .map(({ executions, error }) => `${times(executions.mean)}: ${withError(error)}`);
    return [nameOf(JSON.parse(change) as Readonly<Record<string, number>>), ...cells];
  });
  return { head: ["", ...cases], rows };
}

function gradedTable({ graded }: Results): Table {
  const keyOf = ({ trust, grades }: (typeof graded)[number]): string =>
    `trust ${trust}, ${grades ? "graded" : "all trusted"}`;
  const caseOf = ({ world, lieRate, honestUntil }: (typeof graded)[number]): string =>
    `${world}; ${percent(lieRate)} lies${honestUntil > 0 ? " from half-way on" : ""}`;
  const rows = [...new Set(graded.map(keyOf))].map((key) => [
    key,
    ...graded
      .filter((each) => keyOf(each) === key)
      .map(({ executions, error }) => `${times(executions.mean)}: ${withError(error)}`),
  ]);
  return { head: ["", ...new Set(graded.map(caseOf))], rows };
}

function nameOf(change: Readonly<Record<string, number>>): string {
  const [entry] = Object.entries(change);
  return entry ? `${entry[0]} ${entry[1]}` : "as it comes";
}
