import { UnrecoverableError, Worker } from "bullmq";
import type { Job, Processor } from "bullmq";
import type { Redis } from "ioredis";

import { codeOf, GridmillError } from "../../protocol/errors.ts";
import type { PoolContext } from "../actions/context.ts";
import { enterDeal } from "../actions/following/enter-deal.ts";
import { offerWork } from "../actions/placing/offer-work.ts";
import { placeTask } from "../actions/placing/place-task.ts";
import { retryEvent } from "../actions/following/retry-event.ts";
import { runLane } from "../epochs/run-lane.ts";
import { sweep } from "../actions/sweep.ts";
import { keepSweeping } from "./keep-sweeping.ts";
import type { DealJob, EventJob, LaneJob, LaterJob, PoolQueues, TaskJob } from "./queues.ts";

/** How many jobs of a kind one process works on at a time. */
const CONCURRENCY = { deals: 4, placement: 8, deadlines: 8 } as const;

/** How soon the job of a process that died is taken over, in milliseconds. */
export type TakeOver = {
  /** How long a dead process still holds its job. */
  readonly lockDuration: number;
  readonly stalledInterval: number;
};
export const TAKE_OVER: TakeOver = { lockDuration: 15_000, stalledInterval: 5_000 };

/** A job is not to blame for the deaths of its processes: it is taken over however many there were. */
const DEATHS_FORGIVEN = 1_000_000;

/** @param prefix the pool's hash tag, as its queues have it */
type ProcessorOptions = TakeOver & { readonly connection: Redis; readonly prefix: string };

/** The jobs of one process. */
export type Processors = {
  /** Takes no further job, so that no lease is given any more; a lane goes no further than the step that it is at. */
  takeNoMore(): void;
  /** The same, and waits for the jobs in hand. What they leave undone is another process's, or the next start's. */
  stop(): Promise<void>;
};

/** Where the queues meet the actions: each processor is one call, safe to make twice. */
export function startProcessors(pool: PoolContext, queues: PoolQueues, options: ProcessorOptions): Processors {
  const stopping = new AbortController();
  const start = <T extends object>(name: string, concurrency: number, processor: Processor<T>): Worker<T> => {
    const worker = new Worker<T>(name, guarded(pool, processor), {
      ...options,
      maxStalledCount: DEATHS_FORGIVEN,
      concurrency,
    });
    worker.on("error", (error) => {
      pool.failed(name, error);
      pool.log.error({ err: error, queue: name }, "queue error");
    });
    return worker;
  };
  const workers = [
    start<DealJob>("deals", CONCURRENCY.deals, (job) => enterDeal(pool, job.data.dealId)),
    start<TaskJob>("placement", CONCURRENCY.placement, (job) => placeTask(pool, job.data.taskId)),
    ...queues.epochs.map((queue) =>
      start<LaneJob>(queue.name, 1, (job, _token, signal) =>
        runLane(pool, job.data.lane, AbortSignal.any([stopping.signal, ...(signal ? [signal] : [])])),
      ),
    ),
    start<LaterJob>("deadlines", CONCURRENCY.deadlines, (job) => doLater(pool, job.data)),
    start<EventJob>("events", 1, (job) => retryEvent(pool, job.data.id)),
    start("sweep", 1, () => sweep(pool)),
  ];
  const stopSweeping = keepSweeping(queues, (error) => pool.failed("queues", error));
  let closed: Promise<unknown> | undefined;
  const close = (): Promise<unknown> => {
    stopSweeping();
    stopping.abort();
    return (closed ??= Promise.all(workers.map((worker) => worker.close())));
  };
  return {
    takeNoMore: () => void close().catch((error: unknown) => pool.failed("queues", error)),
    stop: async () => void (await close()),
  };
}

function doLater(pool: PoolContext, job: LaterJob): Promise<void> {
  switch (job.kind) {
    case "deal":
      return pool.wake.deal(job.dealId);
    case "task":
      return pool.wake.task(job.taskId);
    case "lane":
      return pool.wake.lane(job.lane);
    case "offers":
      return offerWork(pool);
  }
}

/** Says every failure; only an error that says it is final stops the retries, and the sweep still finds its work again. */
function guarded<T extends object>(pool: PoolContext, processor: Processor<T>): Processor<T> {
  return async (job: Job<T>, token?: string, signal?: AbortSignal) => {
    try {
      return (await processor(job, token, signal)) as unknown;
    } catch (error) {
      pool.failed(job.queueName, error);
      pool.log.warn({ queue: job.queueName, ...placeOf(job.data), code: codeOf(error), err: error }, "job failed");
      throw asQueueError(error);
    }
  };
}

/** What a job is about, in the names that every line of the log has for it. */
function placeOf(data: Partial<DealJob & TaskJob & LaneJob>): Readonly<Record<string, unknown>> {
  const { dealId: deal, taskId: task, lane } = data;
  return Object.fromEntries(Object.entries({ deal, task, lane }).filter(([, value]) => value !== undefined));
}

function asQueueError(error: unknown): unknown {
  if (!(error instanceof GridmillError) || error.retryable) return error;
  return Object.assign(new UnrecoverableError(`${error.code}: ${error.message}`), { cause: error });
}
