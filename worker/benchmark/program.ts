/**
 * The benchmark as a program of its own: V8 compiles in it as it does by default, whatever its caller has set, and the
 * memory that it needs goes with it. Prints the rates as one JSON value.
 */
import { measureRates } from "./measure.ts";
import { createWorkloads } from "./workloads.ts";

const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
};

process.stdout.write(`${JSON.stringify(measureRates(createWorkloads(), cpuMs))}\n`);
