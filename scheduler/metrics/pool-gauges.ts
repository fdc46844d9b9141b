import { formatEther } from "ethers";
import { Gauge } from "prom-client";
import type { Registry } from "prom-client";

import type { PoolReading } from "./pool-reading.ts";

type Labels = Readonly<Record<string, string | number>>;
type Sample = { readonly labels: Labels; readonly value: number };

/** A gauge of what all processes share, and how it follows from one reading. */
type SharedGauge = {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly samples: (reading: PoolReading) => readonly Sample[];
};

const alone = (value: number | undefined): readonly Sample[] => (value === undefined ? [] : [{ labels: {}, value }]);
const mill = (wei: bigint): number => Number(formatEther(wei));
const byKey = (label: string, counts: Readonly<Record<string, number>>): readonly Sample[] =>
  Object.entries(counts).map(([key, value]) => ({ labels: { [label]: key }, value }));

const SHARED: readonly SharedGauge[] = [
  {
    name: "gridmill_pool_tasks",
    help: "Tasks by lane and state",
    labels: ["lane", "state"],
    samples: ({ tasks }) => tasks.map(({ lane, state, count }) => ({ labels: { lane, state }, value: count })),
  },
  {
    name: "gridmill_pool_votes",
    help: "Votes that have a stake at risk, by state",
    labels: ["state"],
    samples: ({ votes }) => votes.map(({ state, count }) => ({ labels: { state }, value: count })),
  },
  {
    name: "gridmill_pool_deals",
    help: "Deals by stage: open, and those of them that are not taken in yet",
    labels: ["stage"],
    samples: ({ deals }) => byKey("stage", deals),
  },
  {
    name: "gridmill_pool_workers",
    help: "Connected workers: idle, busy, or resting (they take no leases)",
    labels: ["state"],
    samples: ({ workers }) => byKey("state", workers),
  },
  {
    name: "gridmill_pool_worker_grades",
    help: "Connected workers by how far the pool trusts them: on probation, trusted, quarantined, or out for a day",
    labels: ["grade"],
    samples: ({ grades }) => byKey("grade", grades),
  },
  {
    name: "gridmill_pool_apps",
    help: "Apps that the pool has seen, by whether their answers repeat: on probation, known, refused",
    labels: ["standing"],
    samples: ({ apps }) => byKey("standing", apps),
  },
  {
    name: "gridmill_pool_slots",
    help: "Slots of connected workers",
    labels: ["state"],
    samples: ({ slots }) => byKey("state", slots),
  },
  {
    name: "gridmill_pool_queue_jobs",
    help: "Jobs by queue and state",
    labels: ["queue", "state"],
    samples: ({ jobs }) => jobs.map(({ queue, state, count }) => ({ labels: { queue, state }, value: count })),
  },
  {
    name: "gridmill_pool_epoch_age_seconds",
    help: "How long the epoch of a lane has been in its phase",
    labels: ["lane", "phase"],
    samples: ({ epochs }) => epochs.map(({ lane, phase, seconds }) => ({ labels: { lane, phase }, value: seconds })),
  },
  {
    name: "gridmill_pool_quarantined_events",
    help: "Events of the chain that could not be handled",
    labels: [],
    samples: ({ quarantined }) => alone(quarantined),
  },
  {
    name: "gridmill_pool_draining",
    help: "1 while the pool takes nothing new",
    labels: [],
    samples: ({ draining }) => alone(Number(draining)),
  },
  {
    name: "gridmill_pool_chain_timestamp_seconds",
    help: "Time of the newest block, Unix seconds",
    labels: [],
    samples: ({ chainTime }) => alone(chainTime),
  },
  {
    name: "gridmill_pool_next_deadline_timestamp_seconds",
    help: "Earliest deadline of a task that is not over, Unix seconds; absent when there is none",
    labels: [],
    samples: ({ nextDeadline }) => alone(nextDeadline),
  },
  {
    name: "gridmill_pool_operator_balance_ether",
    help: "Gas money of the operator; absent while the chain is away",
    labels: [],
    samples: ({ money }) => alone(money && mill(money.gas)),
  },
  {
    name: "gridmill_pool_escrow_mill",
    help: "MILL of the pool's owner in the escrow; absent while the chain is away",
    labels: ["state"],
    samples: ({ money }) =>
      money ? byKey("state", { available: mill(money.available), locked: mill(money.locked) }) : [],
  },
];

/** Declares the gauges; returns what brings them up to a reading. */
export function createSharedGauges(registers: Registry[]): (reading: PoolReading) => void {
  const gauges = SHARED.map(({ name, help, labels, samples }) => {
    const gauge = new Gauge({ name, help, labelNames: [...labels], registers });
    const forget = (): void => {
      gauge.reset();
      if (labels.length === 0) gauge.remove(); // else it would say 0
    };
    forget();
    return { gauge, forget, samples };
  });
  return (reading) => {
    for (const { gauge, forget, samples } of gauges) {
      forget();
      for (const { labels, value } of samples(reading)) gauge.set({ ...labels }, value);
    }
  };
}
