import type { Registry } from "prom-client";

/** What a registry declares of a metric. */
export type MetricFacts = { readonly name: string; readonly type: string; readonly labels: readonly string[] };

/** Every metric of a registry; its label names are what prom-client keeps of them. */
export async function metricFacts(registry: Registry): Promise<readonly MetricFacts[]> {
  const metrics = await registry.getMetricsAsJSON();
  return metrics.map(({ name, type }) => {
    const { labelNames } = registry.getSingleMetric(name) as unknown as { labelNames: readonly string[] };
    return { name, type: String(type), labels: labelNames.filter((label) => label !== "le") };
  });
}
