import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

import type Docker from "dockerode";

import { MIB } from "../../protocol/constants.ts";
import { ask } from "./engine.ts";

/** Counters of a running container; both 0 until the engine first counts, about a second after the start. */
export interface UsageMeter extends Disposable {
  readonly cpuMs: number;
  readonly peakMemoryMiB: number;
  /** Resolves once more CPU time is counted than the container has; else never. */
  readonly outOfTime: Promise<void>;
}

type Sample = {
  readonly cpu_stats?: { readonly cpu_usage?: { readonly total_usage?: number } };
  readonly memory_stats?: { readonly usage?: number; readonly max_usage?: number };
};

const NS_PER_MS = 1e6;

/** Listens to the counters of a container, which has `limitMs` of CPU time, until it is disposed of. */
export async function meterUsage(container: Docker.Container, limitMs: number): Promise<UsageMeter> {
  const stream = (await ask("count what a container uses", () => container.stats({ stream: true }))) as Readable;
  const over = Promise.withResolvers<void>();
  const dispose = (): void => void stream.destroy();
  const meter = { cpuMs: 0, peakMemoryMiB: 0, outOfTime: over.promise, [Symbol.dispose]: dispose };
  const lines = createInterface({ input: stream });
  // A broken stream ends the counting; that the engine is gone is said by others. The lines emit its error once more.
  for (const source of [stream, lines]) source.on("error", () => {});
  lines.on("line", (line) => {
    const { cpuMs, memoryMiB } = countsIn(line);
    meter.cpuMs = Math.max(meter.cpuMs, cpuMs);
    meter.peakMemoryMiB = Math.max(meter.peakMemoryMiB, memoryMiB);
    if (meter.cpuMs > limitMs) over.resolve();
  });
  return meter;
}

function countsIn(line: string): { readonly cpuMs: number; readonly memoryMiB: number } {
  const { cpu_stats: cpu, memory_stats: memory } = sampleOf(line);
  const bytes = Math.max(memory?.usage ?? 0, memory?.max_usage ?? 0);
  return { cpuMs: Math.round((cpu?.cpu_usage?.total_usage ?? 0) / NS_PER_MS), memoryMiB: Math.ceil(bytes / MIB) };
}

/** The last line of a stream that broke off may be half a sample. */
function sampleOf(line: string): Sample {
  try {
    return JSON.parse(line) as Sample;
  } catch {
    return {};
  }
}
