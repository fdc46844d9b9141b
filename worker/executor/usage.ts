import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

import type Docker from "dockerode";

import { MIB } from "../../protocol/constants.ts";
import { ask } from "./engine.ts";

/** Counters of a running container; both 0 until the engine first counts, which is about every second. */
export interface UsageMeter extends Disposable {
  readonly cpuMs: number;
  readonly peakMemoryMiB: number;
  /** Resolves once more CPU time is counted than the container has; rejects when nobody can count; else never. */
  readonly outOfTime: Promise<void>;
}

type Sample = {
  readonly cpu_stats?: { readonly cpu_usage?: { readonly total_usage?: number } };
  readonly memory_stats?: { readonly usage?: number; readonly max_usage?: number };
};

const NS_PER_MS = 1e6;
/** A container that has ended by then is not counted: the engine would take longer to say what it used. */
const UNCOUNTED_MS = 500;

/** Listens to the counters of a container that has just started, with `limitMs` of CPU time, until it is disposed of. */
export function meterUsage(container: Docker.Container, limitMs: number): UsageMeter {
  const over = Promise.withResolvers<void>();
  const ended = new AbortController();
  const meter = { cpuMs: 0, peakMemoryMiB: 0, outOfTime: over.promise, [Symbol.dispose]: () => ended.abort() };
  const count = (line: string): void => {
    const { cpuMs, memoryMiB } = countsIn(line);
    meter.cpuMs = Math.max(meter.cpuMs, cpuMs);
    meter.peakMemoryMiB = Math.max(meter.peakMemoryMiB, memoryMiB);
    if (meter.cpuMs > limitMs) over.resolve();
  };
  // Whoever does not wait for it any more need not hear of it.
  over.promise.catch(() => {});
  sleep(UNCOUNTED_MS, undefined, { signal: ended.signal })
    .then(() => listen(container, count, ended.signal))
    .catch(over.reject);
  return meter;
}

async function listen(container: Docker.Container, count: (line: string) => void, ended: AbortSignal): Promise<void> {
  const stream = (await ask("count what a container uses", () => container.stats({ stream: true }))) as Readable;
  ended.addEventListener("abort", () => stream.destroy(), { once: true });
  if (ended.aborted) stream.destroy();
  const lines = createInterface({ input: stream });
  // A broken stream ends the counting; that the engine is gone is said by others. The lines emit its error once more.
  for (const source of [stream, lines]) source.on("error", () => {});
  lines.on("line", count);
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
