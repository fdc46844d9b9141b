import { categorySeconds } from "../../protocol/categories.ts";
import { differencesOf } from "../../protocol/differences.ts";
import type { Difference } from "../../protocol/differences.ts";
import { parseManifest } from "../../protocol/digest.ts";
import type { FailReason, OutputFile } from "../../protocol/digest.ts";
import type { Hash } from "../../protocol/primitives.ts";
import { secondsNeeded } from "../../protocol/time-limits.ts";
import type { TimeLimits } from "../../protocol/time-limits.ts";
import type { RunOutcome } from "../../worker/executor/executor.ts";

/** How one run of an app ended, and what it took. */
export type RunFigures = {
  readonly digest: Hash;
  /** Null when it did not get that far. */
  readonly exitCode: number | null;
  /** The limit that it reached, or what is wrong with its output. */
  readonly reason: FailReason | null;
  readonly wallMs: number;
  /** Both null when the run was too short to be counted: about a second. */
  readonly cpuMs: number | null;
  readonly peakMemoryMiB: number | null;
  readonly outputFiles: number;
  readonly outputBytes: number;
};

export type CategoryVerdict = {
  /** The shortest category with room to spare; null when there is none, or the app did not run to its end. */
  readonly fits: number | null;
  /** What `app.json` or the command line says. */
  readonly says: number | null;
  /** What the slower run would have taken on the reference machine, as limits of time count. */
  readonly referenceSeconds: number;
};

/** What two runs of an app on one machine tell. */
export type Verdict = {
  /** True when there are no problems. */
  readonly ok: boolean;
  /** What keeps workers from agreeing on it, or the app from working, a sentence each. */
  readonly problems: readonly string[];
  readonly agree: boolean;
  readonly differences: readonly Difference[];
  readonly runs: readonly [RunFigures, RunFigures];
  readonly category: CategoryVerdict;
};

/** A category is named only if it has this many times what the app took: other inputs and machines will take longer. */
const MARGIN = 1.5;
const CATEGORIES = [0, 1, 2, 3, 4] as const;
/** CPU time is counted about every second: what was used after the last count is not in it. */
const UNCOUNTED_MS = 2_000;

/** Under what two runs were made. */
export type CheckTerms = { readonly score: number; readonly cpuMillicores: number; readonly says: number | null };

export function judge(outcomes: readonly [RunOutcome, RunOutcome], terms: CheckTerms): Verdict {
  const [first, second] = outcomes;
  const agree = first.digest === second.digest;
  const category = judgeCategory(outcomes, terms);
  const differences = differencesOf([filesOf(first), filesOf(second)]);
  const runs = [figuresOf(first), figuresOf(second)] as const;
  const problems = [
    ...(agree ? [] : [disagreement(runs, differences)]),
    ...[...new Set(runs.flatMap(failureOf))],
    ...categoryProblems(category, runs),
  ];
  return { ok: problems.length === 0, problems, agree, differences, runs, category };
}

function figuresOf(outcome: RunOutcome): RunFigures {
  const files = filesOf(outcome);
  return {
    digest: outcome.digest,
    exitCode: outcome.kind === "result" ? outcome.exitCode : null,
    reason: outcome.kind === "failed" ? outcome.reason : null,
    wallMs: outcome.usage.wallMs,
    ...countedIn(outcome.usage),
    outputFiles: files.length,
    outputBytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

function countedIn({ cpuMs, peakMemoryMiB }: RunOutcome["usage"]): Pick<RunFigures, "cpuMs" | "peakMemoryMiB"> {
  return peakMemoryMiB > 0 ? { cpuMs, peakMemoryMiB } : { cpuMs: null, peakMemoryMiB: null };
}

function filesOf(outcome: RunOutcome): readonly OutputFile[] {
  return outcome.kind === "result" ? parseManifest(outcome.manifest)!.files : [];
}

function disagreement([first, second]: Verdict["runs"], differences: readonly Difference[]): string {
  const files = differences.map(({ path }) => path).join(", ");
  if (files !== "") return `The two runs differ in ${files}: workers would not agree on it`;
  return `One run ended with ${endOf(first)}, the other with ${endOf(second)}: workers would not agree on it`;
}

function endOf({ exitCode, reason }: RunFigures): string {
  return reason === null ? `exit code ${exitCode}` : `the failure ${reason}`;
}

function failureOf(run: RunFigures): readonly string[] {
  if (run.exitCode === 0) return [];
  return [`The app ended with ${endOf(run)}: such a task is settled and paid, but has failed`];
}

function judgeCategory(outcomes: readonly RunOutcome[], { score, cpuMillicores, says }: CheckTerms): CategoryVerdict {
  const needed = outcomes.map(({ usage }) => secondsNeeded(withUncounted(usage, cpuMillicores), score, cpuMillicores));
  const referenceSeconds = Math.max(...needed);
  const ended = outcomes.every(({ kind }) => kind === "result");
  const fits = CATEGORIES.find((category) => referenceSeconds * MARGIN <= categorySeconds(category));
  return { fits: ended ? (fits ?? null) : null, says, referenceSeconds: Math.ceil(referenceSeconds * 10) / 10 };
}

/** At most what the app can have used, so that a short run does not seem to have used nothing. */
function withUncounted({ cpuMs, wallMs }: TimeLimits, cpuMillicores: number): TimeLimits {
  const cores = cpuMillicores / 1_000;
  return { wallMs, cpuMs: Math.min(wallMs * cores, cpuMs + UNCOUNTED_MS * cores) };
}

function categoryProblems({ fits, says, referenceSeconds }: CategoryVerdict, runs: Verdict["runs"]): readonly string[] {
  if (runs.some(({ reason }) => reason !== null)) return [];
  if (fits === null) return [`No category has room for ${referenceSeconds} s on the reference machine: split the work`];
  if (says === null || says >= fits) return [];
  return [`Category ${says} is too short: the app needs category ${fits}`];
}
