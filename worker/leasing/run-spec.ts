import { hasCallback } from "../../protocol/deal.ts";
import type { Lease } from "../../protocol/lease.ts";
import { timeLimits } from "../../protocol/time-limits.ts";
import type { RunSpec } from "../executor/executor.ts";

const INPUT_FOLDER = "/input";
const OUTPUT_FOLDER = "/output";
const DATASET_FILE = "/dataset/data";

/** The same on every machine, since the environment may show in the output. */
const FIXED_ENV = { HOME: "/tmp", LANG: "C.UTF-8", TZ: "UTC" };

/** What a run needs to know of a task, so that an app can also be run without a deal. */
export type Runnable = Pick<Lease, "leaseId" | "image" | "args" | "env" | "index" | "limits"> & {
  /** How many tasks there are with this one. */
  readonly count: number;
  readonly resultKind: RunSpec["resultKind"];
};

/** The files of this machine that a task reads. */
export type TaskFiles = Pick<RunSpec, "inputs" | "dataset">;

/** What a lease has run. */
export function runnableOf(lease: Lease): Runnable {
  // From the deal itself, which was checked against its id: a pool that said otherwise would have us vote a wrong digest.
  const resultKind = hasCallback(lease.deal) ? "callback" : "folder";
  return { ...lease, count: lease.deal.volume, resultKind };
}

/** What the executor of a machine of this score runs. Gridmill's own variables win over those of the app. */
export function runSpecOf(task: Runnable, score: number, files: TaskFiles, resultPath: string): RunSpec {
  const { leaseId, image, args, env, index, count, resultKind } = task;
  const { seconds, ...limits } = task.limits;
  const own = {
    GRIDMILL_TASK_INDEX: String(index),
    GRIDMILL_TASK_COUNT: String(count),
    GRIDMILL_INPUT: INPUT_FOLDER,
    GRIDMILL_OUTPUT: OUTPUT_FOLDER,
    ...(files.dataset === undefined ? {} : { GRIDMILL_DATASET: DATASET_FILE }),
  };
  return {
    ...{ leaseId, image, args, resultKind, resultPath },
    ...files,
    env: { ...FIXED_ENV, ...env, ...own },
    limits: { ...limits, ...timeLimits(seconds, score, limits.cpuMillicores) },
  };
}
