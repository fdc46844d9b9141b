import { formatMill } from "../protocol/amounts.ts";
import { FREE_BOND } from "../protocol/pool-why.ts";
import type { TaskWhy } from "../protocol/pool-why.ts";

import { facts, table } from "./print.ts";

/** Why a task is where it is, for people: in a sentence, then worker by worker, then what it would need. */
export function whyText({ taskId, status, outlook, says, votes, workers, needed }: TaskWhy): string {
  const counts = { "votes given": votes.out, "votes wanted": votes.wanted };
  const head = facts({ task: taskId, status, outlook, ...counts, because: says });
  const able = workers.flatMap(({ worker, score }) => (score ? [scoreRow(worker, score)] : []));
  const terms = workers
    .find(({ score }) => score !== null)
    ?.score?.terms.map(({ term, weight }) => `${term} x${weight}`);
  const excluded = workers.flatMap(({ worker, excluded: clauses }) =>
    clauses.map((clause, index) => [index === 0 ? worker : "", ...exclusionCells(clause)]),
  );
  const needs = needed.map(({ what, wanted, best, met, of, passes }) => [
    ...[what, amountOf(what, wanted), amountOf(what, best), `${met} of ${of}`],
    yesOrNo(passes),
  ]);
  return [
    head,
    ...(terms ? [table(["may be leased it, best first", "score", ...terms], able)] : []),
    ...(excluded.length > 0 ? [table(["excluded", "because", "waiting helps"], excluded)] : []),
    ...(needs.length > 0 ? [table(["it would need", "at least", "best here", "met by", "waiting helps"], needs)] : []),
  ].join("\n\n");
}

type Worker = TaskWhy["workers"][number];

function scoreRow(worker: string, { total, terms }: NonNullable<Worker["score"]>): readonly string[] {
  return [worker, ...[total, ...terms.map(({ value }) => value)].map((value) => value.toFixed(3))];
}

function exclusionCells({ reason, passes, figures }: Worker["excluded"][number]): readonly string[] {
  const told = figures.map((figure) => {
    const [offered, wanted] = [amountOf(figure.of, figure.offered), amountOf(figure.of, figure.wanted)];
    return figures.length > 1 ? `${figure.of} ${offered} of ${wanted}` : `${offered} of ${wanted}`;
  });
  return [told.length > 0 ? `${reason}: ${told.join(", ")}` : reason, yesOrNo(passes)];
}

/** Bonds are in wei for programs, in MILL for people. */
function amountOf(what: string, amount: string | null): string {
  if (amount === null) return "";
  return what === FREE_BOND ? `${formatMill(BigInt(amount))} MILL` : amount;
}

const yesOrNo = (yes: boolean): string => (yes ? "yes" : "no");
