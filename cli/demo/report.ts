import { formatMill } from "../../protocol/amounts.ts";
import type { Address } from "../../protocol/primitives.ts";
import type { Settlement } from "../../sdk/settlements.ts";

import { short, table } from "../print.ts";
import type { TaskOutcome } from "../run/outcome.ts";

import type { Change, GasFigures } from "./figures.ts";

/** All that a demo has to tell. */
type DemoReport = {
  readonly picture: string;
  readonly tasks: readonly TaskOutcome[];
  readonly settlements: readonly Settlement[];
  readonly gas: GasFigures;
  readonly balances: readonly Change[];
  readonly seconds: number;
};

/** The last line of `demo --json`. Balances in wei. */
export function reportJson({ picture, tasks, gas, balances, seconds }: DemoReport): object {
  const lines = tasks.map(({ taskId, status, votes, workers }) => ({ taskId, status, votes, workers }));
  return { ok: true, picture, tasks: lines, gas, balances, seconds };
}

/** Who computed what, who was paid what, and what it cost. */
export function reportText(report: DemoReport, names: ReadonlyMap<Address, string>): string {
  const { settlements, gas, balances, picture, seconds } = report;
  const nameOf = (address: Address): string => names.get(address) ?? short(address);
  const votes = settlements.map(({ index, taskId, digest, votes: each }) => [
    ...[index, short(taskId), short(digest)],
    each
      .filter(({ vote }) => vote === "agree")
      .map(({ worker }) => nameOf(worker))
      .join(" "),
    each
      .filter(({ vote }) => vote !== "agree")
      .map(({ worker, vote }) => `${nameOf(worker)} (${vote})`)
      .join(" ") || "-",
  ]);
  const money = balances.map(({ who, before, after }) => [
    who,
    rounded(before),
    rounded(after),
    signed(after - before),
  ]);
  const costs = [
    ["match", gas.match],
    ["seal", gas.seal],
    ["settle", gas.settle],
    ["all, per task", gas.perTask],
  ];
  return [
    `Who computed what\n${table(["band", "task", "digest", "agreed", "outvoted"], votes)}`,
    `Who was paid what, in MILL\n${table(["who", "before", "after", "change"], money)}`,
    `What it cost in gas\n${table(["step", "gas"], costs)}`,
    `The picture: ${picture}  (${seconds} s)`,
  ].join("\n\n");
}

function signed(wei: bigint): string {
  return wei < 0n ? `-${rounded(-wei)}` : `+${rounded(wei)}`;
}

const FINEST = 10n ** 12n;

/** A millionth of a MILL is fine enough for people; `--json` has every wei. */
function rounded(wei: bigint): string {
  return formatMill(((wei + FINEST / 2n) / FINEST) * FINEST);
}
