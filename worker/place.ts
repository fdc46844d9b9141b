import { createHash } from "node:crypto";
import { join } from "node:path";

import type { Address } from "../protocol/primitives.ts";

/** What lies where in a worker's data folder. */
export type Place = {
  readonly journal: string;
  readonly inputs: string;
  readonly results: string;
  readonly executor: string;
  /** What the worker has sent to the chain by itself. */
  readonly sent: string;
  /** Whose this worker is, if somebody put that there. */
  readonly owner: string;
  /** The machine's score. */
  readonly benchmark: string;
};

export function placeIn(folder: string): Place {
  return {
    journal: join(folder, "journal"),
    inputs: join(folder, "inputs"),
    results: join(folder, "results"),
    executor: join(folder, "executor"),
    sent: join(folder, "sent"),
    owner: join(folder, "owner.json"),
    benchmark: join(folder, "benchmark.json"),
  };
}

/** Marks the containers of one worker on one data folder, over restarts; the folder's lock keeps a second one away. */
export function ownerMark(worker: Address, folder: string): string {
  return createHash("sha256").update(`${worker} ${folder}`).digest("hex").slice(0, 16);
}
