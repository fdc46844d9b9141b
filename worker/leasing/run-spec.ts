import { hasCallback } from "../../protocol/deal.ts";
import type { Lease } from "../../protocol/lease.ts";
import type { RunSpec } from "../executor/executor.ts";

const INPUT_FOLDER = "/input";
const OUTPUT_FOLDER = "/output";

/** The same on every machine, since the environment may show in the output. */
const FIXED_ENV = { HOME: "/tmp", LANG: "C.UTF-8", TZ: "UTC" };

/** What a lease has the executor run. Gridmill's own variables win over those of the app. */
export function runSpecOf(lease: Lease, inputs: RunSpec["inputs"], resultPath: string): RunSpec {
  const { leaseId, image, args, env, index, deal, limits } = lease;
  const own = {
    GRIDMILL_TASK_INDEX: String(index),
    GRIDMILL_TASK_COUNT: String(deal.volume),
    GRIDMILL_INPUT: INPUT_FOLDER,
    GRIDMILL_OUTPUT: OUTPUT_FOLDER,
  };
  // From the deal itself, which was checked against its id: a pool that said otherwise would have us vote a wrong digest.
  const resultKind = hasCallback(deal) ? "callback" : "folder";
  return { leaseId, image, args, env: { ...FIXED_ENV, ...env, ...own }, inputs, limits, resultKind, resultPath };
}
