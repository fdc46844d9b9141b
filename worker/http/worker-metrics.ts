import { Counter, Gauge, Registry } from "prom-client";

/** What a worker counts. */
export type WorkerMetrics = {
  readonly refused: (code: string) => void;
  readonly answered: (kind: "result" | "failed") => void;
  readonly text: () => Promise<{ readonly contentType: string; readonly text: string }>;
};

/** Read whenever somebody asks for the metrics. */
type MetricSources = {
  readonly running: () => number;
  readonly connected: () => boolean;
  readonly rssBytes: () => number;
};

/** In a registry of its own: tests start several workers in one process. */
export function createWorkerMetrics(sources: MetricSources): WorkerMetrics {
  const registry = new Registry();
  const registers = [registry];
  const refusals = new Counter({
    name: "gridmill_worker_leases_refused_total",
    help: "Leases refused or failed, by error code",
    labelNames: ["code"] as const,
    registers,
  });
  const answers = new Counter({
    name: "gridmill_worker_runs_total",
    help: "Runs that ended in a vote, by kind",
    labelNames: ["kind"] as const,
    registers,
  });
  gauge("gridmill_worker_leases_running", "Leases in progress", registers, sources.running);
  gauge("gridmill_worker_connected", "1 while connected to the pool", registers, () => Number(sources.connected()));
  gauge("gridmill_worker_resident_bytes", "Resident memory of the agent", registers, sources.rssBytes);
  return {
    refused: (code) => refusals.inc({ code }),
    answered: (kind) => answers.inc({ kind }),
    text: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}

function gauge(name: string, help: string, registers: Registry[], read: () => number): void {
  const made: Gauge = new Gauge({
    name,
    help,
    registers,
    collect: () => made.set(read()),
  });
}
