import type { PlacementClause, PlacementNeed, PlacementOutlook } from "../../../protocol/pool-why.ts";
import type { Exclusion } from "./exclusions.ts";
import { explain } from "./placement.ts";
import type { Placement } from "./placement.ts";
import type { TaskRecord } from "../tasks/task-state.ts";
import { leasesWanted, newcomersOf, votesOut } from "../votes/votes-needed.ts";

/** What is to be expected of a task, and in words. */
type Outlook = { readonly outlook: PlacementOutlook; readonly says: string };

/** What placement says about a task that wants votes, or has as many as it wants. */
export function outlookOf(task: TaskRecord, placement: Placement): Outlook {
  const wanted = votesMissing(task, placement);
  if (wanted === 0) return { outlook: "leased", says: `no more votes are wanted than the ${votesOut(task)} it has` };
  if (placement.ranked.length >= wanted) return { outlook: "next", says: "a free worker is about to be leased it" };
  const why = explain(placement, wanted);
  if (placement.inReach.length >= wanted)
    return { outlook: "busy", says: `waiting helps: workers that can serve it cannot now (${why})` };
  return { outlook: "never", says: `the workers that are connected cannot serve it, now or later (${why})` };
}

/** How many leases a task wants: of those in reach, best first, then of newcomers, who may still connect. */
export function votesMissing(task: TaskRecord, { inReach }: Placement): number {
  return leasesWanted(task, [...inReach.map(({ weight }) => weight), ...newcomersOf(task)]);
}

/** What would be needed where there are too few workers: how many, and what those that are here lack; the rarest first. */
export function needsOf(task: TaskRecord, placement: Placement): readonly PlacementNeed[] {
  const { ranked, refused, inReach } = placement;
  const wanted = votesMissing(task, placement);
  if (wanted <= ranked.length) return [];
  const others = refused.filter(({ exclusions }) => exclusions[0]!.clause !== "voted");
  const of = ranked.length + others.length;
  const lacking = groupBy(others.flatMap(({ exclusions }) => exclusions.flatMap(lacksOf)));
  const rows = [...lacking.values()].map((lacks) => needOf(lacks, of));
  const count = { what: "workers that may vote on it", wanted: `${wanted}`, best: `${inReach.length}` };
  return [
    { ...count, met: ranked.length, of, passes: inReach.length >= wanted },
    ...rows.sort((a, b) => Number(a.passes) - Number(b.passes) || a.met - b.met || (a.what < b.what ? -1 : 1)),
  ];
}

/** One thing that one worker lacks. */
type Lack = Pick<PlacementNeed, "what" | "wanted" | "best" | "passes">;

/** What is wanted where a clause has no figure for it. */
const WANTED: Readonly<Partial<Record<PlacementClause, string>>> = {
  retry: "to have waited since it failed at this task",
  machine: "a machine that has no vote of this task",
  owner: "an owner who has no vote of this task",
  accepting: "an owner who lends it now",
  out: "to miss no leases",
  quarantine: "to be in no quarantine",
  probation: "fewer leases, or to be through its probation",
  slots: "a free slot",
  app: "to be trusted, while its app is new here",
  spare: "no smaller a machine than the one that failed at this task",
};

function lacksOf({ clause, reason, figures, passes }: Exclusion): readonly Lack[] {
  if (figures.length === 0) return [{ what: WANTED[clause] ?? reason, wanted: null, best: null, passes }];
  const free = clause === "room" ? "free " : "";
  return figures.map(({ of, wanted, offered }) => ({ what: `${free}${of}`, wanted, best: offered, passes }));
}

function groupBy(lacks: readonly Lack[]): ReadonlyMap<string, readonly Lack[]> {
  const groups = new Map<string, Lack[]>();
  for (const lack of lacks) groups.set(lack.what, [...(groups.get(lack.what) ?? []), lack]);
  return groups;
}

function needOf(lacks: readonly Lack[], of: number): PlacementNeed {
  const { what, wanted } = lacks[0]!;
  const best = lacks.map((lack) => lack.best).reduce(better);
  return { what, wanted, best, met: of - lacks.length, of, passes: lacks.every(({ passes }) => passes) };
}

/** The larger of two decimal strings; of other words the first. */
function better(a: string | null, b: string | null): string | null {
  if (a === null || b === null || !/^\d+$/.test(a) || !/^\d+$/.test(b)) return a;
  return BigInt(b) > BigInt(a) ? b : a;
}
