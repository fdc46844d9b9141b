import Table from "cli-table3";

import { planEpoch } from "../../../scheduler/domain/epochs/epoch-plan.ts";
import { moveEpoch } from "../../../scheduler/domain/epochs/epoch-state.ts";
import type { EpochState } from "../../../scheduler/domain/epochs/epoch-state.ts";
import { canMove, TASK_STATES } from "../../../scheduler/domain/tasks/task-state.ts";
import { canMoveVote } from "../../../scheduler/domain/votes/vote-state.ts";
import type { VoteState } from "../../../scheduler/domain/votes/vote-state.ts";

import { COLUMNS } from "./crash-points.ts";
import type { Column, When } from "./crash-points.ts";
import type { Death } from "./mortals.ts";

/** One move of a state table, and whose writing it is. */
export type Row = { readonly row: string; readonly writer: Column };

/** One kill that has to happen. */
export type Cell = Row & { readonly when: When; readonly column: Column };

const rows = (writer: Column, ...names: readonly string[]): readonly Row[] => names.map((row) => ({ row, writer }));

/** What every deal goes through that nothing but death befalls. */
export const DAILY: readonly Row[] = [
  ...rows("scheduler", "deal - > seen", "deal seen > entered", "deal entered > closed"),
  ...rows("scheduler", "task - > open", "task open > planned", "task planned > running", "task running > agreed"),
  ...rows("scheduler", "task agreed > sealed", "task sealed > settled"),
  ...rows("scheduler", "vote - > leased", "vote leased > running", "vote running > computed"),
  ...rows("scheduler", "vote computed > balloted", "vote balloted > opened", "vote opened > agree"),
  ...rows("scheduler", "epoch - > balloting", "epoch balloting > sealing", "epoch sealing > opening"),
  ...rows("scheduler", "epoch opening > settling", "epoch settling > settled"),
  ...rows("scheduler", "ballot - > kept", "opening - > kept"),
  ...rows("scheduler", "seal transaction - > open", "seal transaction open > sent"),
  ...rows("scheduler", "seal transaction open > succeeded", "settle transaction - > open"),
  ...rows("scheduler", "settle transaction open > sent", "settle transaction open > succeeded"),
  ...rows("worker", "own lease - > accepted", "run - > fetching", "run fetching > running", "run running > collecting"),
  ...rows("worker", "own vote - > computed", "own lease accepted > -", "own ballot - > signed"),
  ...rows("worker", "own ballot signed > told", "own ballot told > opened", "own ballot opened > settled"),
  ...rows("worker", "own vote computed > agreed", "own ballot settled > -"),
  ...rows("market", "lead free > taken", "market deal - > open", "order judged > used", "market task open > settled"),
  ...rows("market", "checkpoint block > next"),
];

/** What a run of the command goes through, and what the market does for it. */
export const COMMANDED: readonly Row[] = [
  ...rows("market", "params - > kept", "order - > inserted", "order inserted > judged"),
  ...rows("command", "command asked > signed", "match transaction - > open", "match transaction open > succeeded"),
  ...rows("command", "command signed > matched", "command matched > done"),
];

const VOTES: readonly VoteState[] = [
  ...(["leased", "running", "computed", "balloted", "opened"] as const),
  ...(["agree", "differ", "lost", "refused", "failed"] as const),
];
const EPOCHS: readonly EpochState[] = ["balloting", "sealing", "opening", "settling", "settled", "abandoned"];

const movesOf = <S extends string>(of: string, states: readonly S[], may: (from: S, to: S) => boolean): string[] =>
  states.flatMap((from) => states.filter((to) => may(from, to)).map((to) => `${of} ${from} > ${to}`));

function canMoveEpoch(from: EpochState, to: EpochState): boolean {
  try {
    return moveEpoch({ ...planEpoch(0, 1, [], 0), state: from }, to).state === to;
  } catch {
    return false;
  }
}

/** Every move of the pool's tables of tasks, votes and epochs, read from the tables, and those of its deals. */
export const TABLED: readonly string[] = [
  ...movesOf("task", TASK_STATES, canMove),
  ...movesOf("vote", VOTES, canMoveVote),
  ...movesOf("epoch", EPOCHS, canMoveEpoch),
  ...["deal seen > declined", "deal seen > waiting", "deal waiting > entered", "deal waiting > closed"],
];

/** Moves that a table allows and nothing makes, each with its reason; a test fails when one is made all the same. */
export const IMPOSSIBLE: Readonly<Record<string, string>> = {
  "task sealed > expired": "its epoch decides; one that is given up lets its tasks go first",
  "vote leased > failed": "a worker that has not accepted refuses",
  "vote running > refused": "a worker that has accepted fails",
  "vote computed > refused": "an answer is not taken back",
  "vote balloted > refused": "an answer is not taken back",
  "vote balloted > failed": "what a machine could not do is not asked for in a ballot",
};

/** A process at its own moves, on both sides of the write. */
export const ownCells = (all: readonly Row[]): readonly Cell[] =>
  all.flatMap((row) => (["before", "after"] as const).map((when) => ({ ...row, when, column: row.writer })));

/** The other processes at the moves of one, just after the write. */
export const otherCells = (all: readonly Row[]): readonly Cell[] =>
  all.flatMap((row) =>
    COLUMNS.filter((column) => column !== row.writer).map((column) => ({ ...row, when: "after", column }) as const),
  );

export const nameOf = ({ row, when, column }: Pick<Cell, "row" | "when" | "column">): string =>
  `${column} ${when} ${row}`;

/** What stands otherwise than its move says: a log of stages, what an order is worth, who leads, the epoch before. */
const UNTOLD = /^(run|order|lead) |^epoch - > balloting$/;

/** How a thing has to stand when the process that was moving it is dead; undefined where the move does not tell. */
export function stateExpected({ of, from, to, when, column, row }: Death): string | undefined {
  const isOwn = [...DAILY, ...COMMANDED].some((one) => one.row === row && one.writer === column);
  if (!isOwn || UNTOLD.test(row)) return undefined;
  // A journal knows a transaction that was sent as open.
  if (when === "before" && to === "succeeded") return "sent";
  const state = when === "before" ? from : to;
  return of === "command" ? recorded(state) : state;
}

/** A run that is not signed yet, or done, has no record. */
const recorded = (state: string): string => (state === "asked" || state === "done" ? "-" : state);

/** The matrix: a line a move, a column a process, in each cell how things stood while that process was dead. */
export function matrixText(all: readonly Row[], deaths: readonly Death[]): string {
  const table = new Table({ head: ["move", ...COLUMNS], style: { head: [], border: [], compact: true } });
  for (const { row } of all) {
    const cells = COLUMNS.map((column) => {
      const here = deaths.filter((death) => death.row === row && death.column === column);
      return here.map(({ when, state }) => `${when}: ${state}`).join(", ");
    });
    table.push([row, ...cells]);
  }
  return table.toString();
}

/** The moves that only mishaps bring about: how things stood while the scheduler was dead, or why it never dies there. */
export function mishapText(states: ReadonlyMap<string, readonly string[]>): string {
  const table = new Table({ head: ["move", "scheduler"], style: { head: [], border: [], compact: true } });
  for (const [row, seen] of states) table.push([row, seen.join(", ")]);
  for (const [row, reason] of Object.entries(IMPOSSIBLE)) table.push([row, `never: ${reason}`]);
  return table.toString();
}
