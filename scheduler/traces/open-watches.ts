import type { SchedulerConfig } from "../config.ts";
import type { PoolMetrics } from "../metrics/pool-metrics.ts";
import { createPoolTraces } from "./pool-traces.ts";
import type { PoolWatches } from "./pool-traces.ts";

/** Who hears of what is stored. */
export type Watches = Partial<PoolWatches>;

type Given = Pick<SchedulerConfig, "traces" | "pool"> & {
  readonly metrics: Pick<PoolMetrics, "taskChanged" | "epochChanged">;
  readonly onError: (error: unknown) => void;
};

/** The metrics; with a collector, traces too. Without one nothing of tracing is loaded, and no span is built. */
export async function openWatches(
  { traces, pool, metrics, onError }: Given,
  resources: AsyncDisposableStack,
): Promise<Watches> {
  const { taskChanged, epochChanged } = metrics;
  if (traces === undefined) return { taskChanged, epochChanged };
  const { openOtlp } = await import("./otlp.ts");
  const sink = openOtlp({ endpoint: traces, pool, onError });
  resources.defer(() => sink.stop());
  const traced = createPoolTraces(sink.tell);
  return {
    dealChanged: traced.dealChanged,
    taskChanged: (before, after) => {
      taskChanged(before, after);
      traced.taskChanged(before, after);
    },
    epochChanged: (before, after) => {
      epochChanged(before, after);
      traced.epochChanged(before, after);
    },
  };
}
