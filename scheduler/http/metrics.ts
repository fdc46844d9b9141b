import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";

/** What Prometheus reads from a scheduler. */
export type PoolMetrics = {
  readonly registry: Registry;
  /** Tasks by state and connected workers, asked at each scrape from now on. */
  countWith(counts: Counts): void;
  gas(act: string, gasUsed: bigint): void;
  followed(block: number, head: number): void;
  failed(code: string): void;
};

type Counts = () => Promise<{ tasks: Record<string, number>; workers: number }>;

export function createMetrics(): PoolMetrics {
  let counts: Counts = () => Promise.resolve({ tasks: {}, workers: 0 });
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const gas = new Counter({ name: "gridmill_gas_total", help: "Gas used, by act", labelNames: ["act"], registers });
  const errors = new Counter({
    name: "gridmill_errors_total",
    help: "Errors, by code",
    labelNames: ["code"],
    registers,
  });
  const block = new Gauge({ name: "gridmill_block", help: "Last block whose events were handled", registers });
  const head = new Gauge({ name: "gridmill_head", help: "Newest block of the chain", registers });
  const workers = new Gauge({ name: "gridmill_workers", help: "Connected workers", registers });
  new Gauge({
    name: "gridmill_tasks",
    help: "Tasks, by state",
    labelNames: ["state"],
    registers,
    async collect() {
      const now = await counts();
      for (const [state, count] of Object.entries(now.tasks)) this.set({ state }, count);
      workers.set(now.workers);
    },
  });
  return {
    registry,
    countWith: (next) => {
      counts = next;
    },
    gas: (act, used) => gas.inc({ act }, Number(used)),
    followed: (handled, newest) => {
      block.set(handled);
      head.set(newest);
    },
    failed: (code) => errors.inc({ code }),
  };
}
