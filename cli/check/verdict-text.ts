import { categorySeconds } from "../../protocol/categories.ts";
import { facts } from "../print.ts";

import type { RunFigures, Verdict } from "./verdict.ts";

/** What was run, and the score of the machine that ran it. */
export type MachineVerdict = Verdict & { readonly image: string; readonly score: number };

/** For people. */
export function verdictText(verdict: MachineVerdict): string {
  const { image, runs, agree, problems } = verdict;
  const said = facts({
    image,
    "run 1": runText(runs[0]),
    "run 2": runText(runs[1]),
    digest: agree ? `${runs[0].digest}, both times` : `${runs[0].digest}, then ${runs[1].digest}`,
    category: categoryText(verdict),
  });
  return [said, ...problems.map((problem) => `- ${problem}`)].join("\n");
}

function runText({ exitCode, reason, wallMs, cpuMs, peakMemoryMiB, outputFiles, outputBytes }: RunFigures): string {
  const end = reason === null ? `exit ${exitCode}` : `failed (${reason})`;
  const used =
    cpuMs === null ? "too short for its CPU time to be counted" : `${inSeconds(cpuMs)} of CPU, ${peakMemoryMiB} MiB`;
  const output = `${outputFiles} ${outputFiles === 1 ? "file" : "files"}, ${outputBytes} B`;
  return `${end}, ${inSeconds(wallMs)} by the clock, ${used}, ${output}`;
}

function categoryText({ category: { fits, referenceSeconds }, runs, score }: MachineVerdict): string {
  const took = `${referenceSeconds} s or less on the reference machine (this one has a score of ${score})`;
  if (fits !== null) return `${fits}, with ${categorySeconds(fits)} s: the app needs ${took}`;
  return runs.some(({ reason }) => reason !== null)
    ? "none: the app did not run to its end"
    : `none: the app needs ${took}`;
}

const inSeconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
