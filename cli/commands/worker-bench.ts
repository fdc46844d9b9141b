import { Command } from "commander";

import { SLOWEST_SCORE } from "../../protocol/time-limits.ts";
import { measureMachine } from "../../worker/benchmark/machine-score.ts";
import { partScores, scoreOf } from "../../worker/benchmark/score.ts";
import { contextOf } from "../context.ts";
import { facts } from "../print.ts";

export const workerBench = new Command("bench")
  .addHelpText("after", "\nExample:\n  gridmill worker bench --json")
  .action(async (_options: unknown, command: Command) => {
    const context = contextOf(command);
    context.progress("measuring one core of this machine");
    const rates = await measureMachine();
    const [score, parts] = [scoreOf(rates), partScores(rates)];
    const enough = score >= SLOWEST_SCORE;
    const verdict = enough ? "" : `: too slow, a worker needs ${SLOWEST_SCORE}`;
    context.print({ score, parts, enough }, () => facts({ score: `${score}${verdict}`, ...parts }));
  });
