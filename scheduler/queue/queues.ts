import { Queue } from "bullmq";
import type { Redis } from "ioredis";

import type { Hash } from "../../protocol/primitives.ts";
import type { Wake } from "../ports.ts";

/** Queue data is ids only; everything else is read from the store when the job runs. */
export type DealJob = { readonly dealId: Hash };
export type TaskJob = { readonly taskId: Hash };
export type LaneJob = { readonly lane: number };
/** The id of an entry in quarantine. */
export type EventJob = { readonly id: string };
/** A wake that is due later, or an offer of work, which is made at once. */
export type LaterJob =
  | ({ readonly kind: "deal" } & DealJob)
  | ({ readonly kind: "task" } & TaskJob)
  | ({ readonly kind: "lane" } & LaneJob)
  | { readonly kind: "offers" };

export type PoolQueues = {
  readonly deals: Queue<DealJob>;
  readonly placement: Queue<TaskJob>;
  /** One queue a lane, since BullMQ's global concurrency is per queue. */
  readonly epochs: readonly Queue<LaneJob>[];
  readonly deadlines: Queue<LaterJob>;
  /** Events that failed once, and are to be taken in again. */
  readonly events: Queue<EventJob>;
  readonly sweep: Queue<Record<string, never>>;
};

/** How long a moment is, in which many wakes are one, in milliseconds. */
const OFFERS_MS = 25;
const LANE_MS = 50;
/** A lane that is to be looked at within this time is woken by a timer of this process, in milliseconds. */
const NEAR_MS = 1_000;

const KEEP_FAILED = 1_000;
const DEFAULTS = {
  attempts: 5,
  backoff: { type: "exponential", delay: 500, jitter: 0.5 },
  removeOnComplete: true,
  removeOnFail: KEEP_FAILED,
};

/** @param prefix the pool's hash tag, so that all queues of a pool live in one slot of a Redis Cluster */
export function createQueues(connection: Redis, prefix: string, lanes: number): PoolQueues {
  const options = { connection, prefix, defaultJobOptions: DEFAULTS };
  const open = <T>(name: string): Queue<T> => {
    const queue = new Queue<T>(name, options);
    // Its errors are those of the connection, which whoever opened it hears; unheard, BullMQ prints each of them.
    return queue.on("error", () => {});
  };
  return {
    deals: open("deals"),
    placement: open("placement"),
    epochs: Array.from({ length: lanes }, (_unused, lane) => open(`epochs-${lane}`)),
    deadlines: open("deadlines"),
    events: open("events"),
    sweep: open("sweep"),
  };
}

/** What must hold on every start: one epoch job a lane, and one sweep, at a time over all processes. */
export async function prepareQueues(queues: PoolQueues): Promise<void> {
  await Promise.all([queues.sweep, ...queues.epochs].map((queue) => queue.setGlobalConcurrency(1)));
}

export async function closeQueues(queues: PoolQueues): Promise<void> {
  await Promise.all(allQueues(queues).map((queue) => queue.close()));
}

export function allQueues({ deals, placement, epochs, deadlines, events, sweep }: PoolQueues): readonly Queue[] {
  return [deals, placement, ...epochs, deadlines, events, sweep];
}

/**
 * Wakes jobs so that none is lost: an id that waits is not added twice, one that runs is run once more afterwards
 * (`keepLastIfActive`). Later wakes wait in a queue of their own, since a delayed job would swallow an immediate wake; of
 * two for one id the first stands.
 */
export function createWake(queues: PoolQueues): Wake {
  const again = (id: string) => ({ deduplication: { id, keepLastIfActive: true } });

  async function later(id: string, delay: number, job: LaterJob): Promise<void> {
    await queues.deadlines.add(job.kind, job, { delay, ...again(id) });
  }

  /** What this process is about to wake, by id, and when. */
  const coming = new Map<string, { readonly due: number; readonly timer: NodeJS.Timeout }>();

  /**
   * Whoever asks while a wake is still to come need not ask again, unless he wants it sooner: what he has written will be seen by
   * that one. A process that dies before takes it along, and the sweep finds the work.
   */
  function soon(id: string, delay: number, wake: () => Promise<unknown>): void {
    const due = performance.now() + delay;
    const known = coming.get(id);
    if (known && known.due <= due) return;
    clearTimeout(known?.timer);
    const go = (): void => {
      coming.delete(id);
      wake().catch(() => {});
    };
    coming.set(id, { due, timer: setTimeout(go, delay).unref() });
  }

  const runLane = async (lane: number): Promise<void> =>
    void (await queues.epochs[lane]?.add("run", { lane }, again(`lane-${lane}`)));
  const laneSoon = (lane: number, delay: number): void => soon(`lane-${lane}`, delay, () => runLane(lane));
  const offer = (): Promise<unknown> => queues.deadlines.add("offers", { kind: "offers" }, again("offers"));

  return {
    async deal(dealId, delayMs) {
      if (delayMs) await later(dealId, delayMs, { kind: "deal", dealId });
      else await queues.deals.add("enter", { dealId }, again(dealId));
    },
    async task(taskId, delayMs) {
      if (delayMs) await later(taskId, delayMs, { kind: "task", taskId });
      else await queues.placement.add("place", { taskId }, again(taskId));
    },
    async lane(lane, delayMs) {
      if (!delayMs) await runLane(lane);
      else if (delayMs <= NEAR_MS) laneSoon(lane, delayMs);
      else await later(`lane-${lane}`, delayMs, { kind: "lane", lane });
    },
    laneSoon: (lane) => laneSoon(lane, LANE_MS),
    offers: () => soon("offers", OFFERS_MS, offer),
    event: async (id) => void (await queues.events.add("retry", { id }, { deduplication: { id } })),
  };
}
