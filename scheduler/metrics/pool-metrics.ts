import { formatEther } from "ethers";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

import type { Receipt } from "../../chain/intent.ts";
import { codeOf } from "../../protocol/errors.ts";
import type { EpochRecord } from "../domain/epochs/epoch-state.ts";
import { EPOCH_STATES, isOver } from "../domain/epochs/epoch-state.ts";
import { isTerminal, TASK_STATES } from "../domain/tasks/task-state.ts";
import type { TaskRecord } from "../domain/tasks/task-state.ts";
import { VOTE_STATES } from "../domain/votes/vote-state.ts";
import { createSharedGauges } from "./pool-gauges.ts";
import type { PoolReading } from "./pool-reading.ts";

/** A request that was answered. */
type Answered = {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
};

/** What a transaction of the pool is for. */
const ACTS = ["seal", "settle", "decline", "claim"] as const;
type Act = (typeof ACTS)[number];

/**
 * What Prometheus reads from one process of a pool. Counters and histograms are this process's own, and begin at zero with it;
 * gauges of what the processes share are read from the store at each scrape.
 */
export type PoolMetrics = {
  readonly registry: Registry;
  /** In the text form of Prometheus. */
  text(): Promise<string>;
  /** From now on each scrape begins with this reading. */
  readFrom(read: () => Promise<PoolReading>): void;
  taskChanged(before: TaskRecord | undefined, after: TaskRecord): void;
  epochChanged(before: EpochRecord | undefined, after: EpochRecord): void;
  confirmed(act: Act, receipt: Pick<Receipt, "gasUsed" | "effectiveGasPrice">): void;
  /** What a transaction of this process brought the pool's owner, in wei; negative when it cost. */
  earned(wei: bigint): void;
  followed(block: number, head: number): void;
  /** @param part of the pool: a queue, `gateway`, `chain`… */
  failed(part: string, error: unknown): void;
  answered(request: Answered): void;
};

/** Upper bounds, in seconds. */
const EPOCH_BUCKETS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 900, 3_600];
const TASK_BUCKETS = [10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 14_400, 43_200];
const REQUEST_BUCKETS = [0.005, 0.02, 0.1, 0.5, 2, 10];

/** @param pool id that every sample names */
export function createPoolMetrics(pool: bigint): PoolMetrics {
  const registry = new Registry();
  const registers = [registry];
  registry.setDefaultLabels({ pool: pool.toString() });
  collectDefaultMetrics({ register: registry });
  const update = createSharedGauges(registers);
  let read: (() => Promise<PoolReading>) | undefined;
  return {
    registry,
    readFrom: (next) => void (read = next),
    text: async () => {
      if (read) update(await read());
      return await registry.metrics();
    },
    ...ofTasks(registers),
    ...ofEpochs(registers),
    ...ofMoney(registers),
    ...ofTheRest(registers),
  };
}

function ofTasks(registers: Registry[]): Pick<PoolMetrics, "taskChanged"> {
  const tasks = counter(registers, "gridmill_pool_task_moves_total", "Tasks that came into a state", "state");
  const votes = counter(registers, "gridmill_pool_vote_moves_total", "Votes that came into a state", "state");
  // From 0 on: Prometheus sees no increase in the first value of a line, nor in one that is not there.
  for (const state of TASK_STATES) tasks.inc({ state }, 0);
  for (const state of VOTE_STATES) votes.inc({ state }, 0);
  const help = "From the deal to the end of a task, by how it ended";
  const seconds = histogram(registers, "gridmill_pool_task_seconds", help, TASK_BUCKETS, ["state"]);
  return {
    taskChanged(before, after) {
      const earlier = new Map(before?.votes.map(({ leaseId, state }) => [leaseId, state]));
      for (const { leaseId, state } of after.votes) if (earlier.get(leaseId) !== state) votes.inc({ state });
      const { state, history } = after;
      if (before?.state === state) return;
      tasks.inc({ state });
      if (isTerminal(state)) seconds.observe({ state }, history.at(-1)!.at - history[0]!.at);
    },
  };
}

function ofEpochs(registers: Registry[]): Pick<PoolMetrics, "epochChanged"> {
  const [all, each] = ["gridmill_pool_epoch_seconds", "gridmill_pool_epoch_phase_seconds"];
  const whole = histogram(registers, all, "From the first ballot asked to the end of an epoch", EPOCH_BUCKETS, [
    "state",
  ]);
  const phases = histogram(registers, each, "How long a phase of an epoch took", EPOCH_BUCKETS, ["phase"]);
  const tasks = counter(registers, "gridmill_pool_epoch_tasks_total", "Tasks of epochs that ended", "state");
  for (const state of EPOCH_STATES.filter(isOver)) {
    whole.zero({ state });
    tasks.inc({ state }, 0);
  }
  return {
    epochChanged(before, after) {
      const { state, since, begunAt } = after;
      const isSame = before?.epoch === after.epoch && !isOver(before.state);
      if (!isSame || before.state === state || since === undefined) return;
      if (before.since !== undefined) phases.observe({ phase: before.state }, (since - before.since) / 1_000);
      if (!isOver(state)) return;
      tasks.inc({ state }, after.tasks.length);
      if (begunAt !== undefined) whole.observe({ state }, (since - begunAt) / 1_000);
    },
  };
}

function ofMoney(registers: Registry[]): Pick<PoolMetrics, "confirmed" | "earned"> {
  const transactions = counter(registers, "gridmill_pool_transactions_total", "Transactions confirmed", "act");
  const used = counter(registers, "gridmill_pool_gas_used_total", "Gas used by them", "act");
  const spent = counter(registers, "gridmill_pool_gas_spent_ether_total", "What it cost", "act");
  const price = gauge(registers, "gridmill_pool_gas_price_wei", "Price of a unit of gas in the last of them");
  const earned = counter(registers, "gridmill_pool_earned_mill_total", "MILL that they brought the pool's owner");
  const lost = counter(registers, "gridmill_pool_lost_mill_total", "MILL that they cost the pool's owner");
  for (const act of ACTS) for (const each of [transactions, used, spent]) each.inc({ act }, 0);
  return {
    confirmed(act, { gasUsed, effectiveGasPrice }) {
      transactions.inc({ act });
      used.inc({ act }, Number(gasUsed));
      spent.inc({ act }, Number(formatEther(gasUsed * effectiveGasPrice)));
      price.set(Number(effectiveGasPrice));
    },
    earned(wei) {
      if (wei > 0n) earned.inc(Number(formatEther(wei)));
      else lost.inc(Number(formatEther(-wei)));
    },
  };
}

function ofTheRest(registers: Registry[]): Pick<PoolMetrics, "followed" | "failed" | "answered"> {
  const block = gauge(registers, "gridmill_pool_chain_block", "Last block whose events this process handled");
  const head = gauge(registers, "gridmill_pool_chain_head_block", "Newest block that it saw");
  const errors = counter(registers, "gridmill_pool_errors_total", "Failures, by part and code", "part", "code");
  const help = "Answers of the gateway, by what was asked and status";
  const labels = ["method", "route", "status"];
  const requests = histogram(registers, "gridmill_pool_request_seconds", help, REQUEST_BUCKETS, labels);
  return {
    followed(handled, newest) {
      block.set(handled);
      head.set(newest);
    },
    failed: (part, error) => errors.inc({ part, code: codeOf(error) }),
    answered: ({ seconds, ...asked }) => requests.observe(asked, seconds),
  };
}

function counter(registers: Registry[], name: string, help: string, ...labelNames: readonly string[]): Counter {
  return new Counter({ name, help, labelNames: [...labelNames], registers });
}

function gauge(registers: Registry[], name: string, help: string): Gauge {
  return new Gauge({ name, help, registers });
}

function histogram(
  registers: Registry[],
  name: string,
  help: string,
  buckets: number[],
  labelNames: readonly string[],
): Histogram {
  return new Histogram({ name, help, buckets, labelNames: [...labelNames], registers });
}
