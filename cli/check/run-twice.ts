import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";

import type { Executor, RunOutcome } from "../../worker/executor/executor.ts";
import { runSpecOf } from "../../worker/leasing/run-spec.ts";
import type { Runnable, TaskFiles } from "../../worker/leasing/run-spec.ts";

/** A task, without a deal. */
export type CheckedTask = Omit<Runnable, "leaseId">;

export type TwiceDeps = {
  readonly executor: Executor;
  /** Of this machine. */
  readonly score: number;
  /** Folder for the results, which nobody keeps. */
  readonly workDir: string;
  /** Hears how the first or second run goes on. */
  readonly onStage: (run: 1 | 2, stage: string) => void;
};

/**
 * Runs a task twice, one run after the other: side by side they would disturb each other's times.
 * @throws what the executor throws
 */
export async function runTwice(
  task: CheckedTask,
  files: TaskFiles,
  deps: TwiceDeps,
  signal: AbortSignal,
): Promise<readonly [RunOutcome, RunOutcome]> {
  const run = async (which: 1 | 2): Promise<RunOutcome> => {
    const leaseId = randomUUID();
    const resultPath = join(deps.workDir, `${leaseId}.tar`);
    const spec = runSpecOf({ ...task, leaseId }, deps.score, files, resultPath);
    const onStage = (stage: string): void => deps.onStage(which, stage);
    try {
      return await deps.executor.run(spec, { onStage, onLog: () => {} }, signal);
    } finally {
      await rm(resultPath, { force: true });
    }
  };
  return [await run(1), await run(2)];
}
