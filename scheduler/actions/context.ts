import type { Logger } from "pino";

import type { AwaitedUploads } from "../store/awaited-uploads.ts";
import type { AppStore } from "../store/apps.ts";
import type { BlobLedger } from "../store/blob-ledger.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { SchedulerConfig } from "../config.ts";
import type {
  EventLookup,
  ImageProbe,
  Messenger,
  Operator,
  ParamsSource,
  PoolChain,
  PoolClock,
  Wake,
} from "../ports.ts";
import type { DealStore } from "../store/tasks/deal-store.ts";
import type { DoubtStore } from "../store/doubts.ts";
import type { DrainStore } from "../store/drain-store.ts";
import type { EpochStore } from "../store/epoch-store.ts";
import type { Quarantine } from "../store/quarantine.ts";
import type { TaskStore } from "../store/tasks/task-store.ts";
import type { WaitingTasks } from "../store/tasks/waiting-tasks.ts";
import type { WorkerStore } from "../store/workers/worker-store.ts";
import type { Crowd } from "./placing/crowd.ts";

/** Everything an action may touch. All state is behind it: actions keep none between two calls. */
export type PoolContext = {
  readonly config: SchedulerConfig;
  readonly log: Logger;
  readonly tasks: TaskStore;
  readonly waiting: WaitingTasks;
  readonly deals: DealStore;
  readonly workers: WorkerStore;
  readonly crowd: Crowd;
  readonly apps: AppStore;
  readonly epochs: EpochStore;
  readonly uploads: AwaitedUploads;
  readonly doubts: DoubtStore;
  readonly drain: DrainStore;
  readonly quarantine: Quarantine;
  readonly blobs: BlobStore;
  readonly ledger: BlobLedger;
  readonly chain: PoolChain;
  readonly clock: PoolClock;
  readonly events: EventLookup;
  readonly operator: Operator;
  readonly messenger: Messenger;
  readonly wake: Wake;
  readonly params: ParamsSource;
  readonly images: ImageProbe;
  /** Uniform in [0, 1): decides which votes get a second one although nobody needs it. */
  readonly random: () => number;
  /** Counts a failure, by its code and the part of the pool in which it happened. */
  readonly failed: (part: string, error: unknown) => void;
};
