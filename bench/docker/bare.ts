import { randomUUID } from "node:crypto";

import type Docker from "dockerode";

import { limitsOf } from "../../scheduler/domain/tasks/task-terms.ts";
import { ZERO_HASH } from "../../protocol/primitives.ts";
import { containerSpec } from "../../worker/executor/container-spec.ts";
import { ensureImage } from "../../worker/executor/image.ts";
import { removeContainer, removeVolume } from "../../worker/executor/leavings.ts";
import { createProcessors } from "../../worker/executor/processors.ts";
import { planOf } from "../../worker/executor/run.ts";
import { runSpecOf } from "../../worker/leasing/run-spec.ts";
import { sideBySide } from "../../test/support/tried.ts";

/** What a bare loop runs, as a lease of the bench has it. */
type BareRuns = {
  /** Pinned by its digest. */
  readonly image: string;
  readonly args: readonly string[];
  readonly count: number;
  readonly concurrency: number;
};

/**
 * Containers a second that dockerode alone creates, starts, waits for and removes, each with the very host configuration that a
 * worker gives its tasks. The volumes in it are made by the engine, and removed outside the time.
 */
export async function bareRunsPerSecond(docker: Docker, runs: BareRuns): Promise<number> {
  const { image, args, count, concurrency } = runs;
  const facts = await ensureImage(docker, image, new AbortController().signal);
  const { NCPU } = (await docker.info()) as { readonly NCPU: number };
  const processors = createProcessors(NCPU);
  const limits = limitsOf({ requirements: ZERO_HASH, category: 0 });
  const volumes: string[] = [];
  const runOne = async (index: number): Promise<void> => {
    const task = { leaseId: randomUUID(), image, args: [...args], env: {}, index, count, limits };
    const spec = runSpecOf({ ...task, resultKind: "folder" }, 1_000, { inputs: [], dataset: undefined }, "");
    using taken = processors.take(spec.limits.cpuMillicores);
    const plan = planOf({ owner: "bench", labels: {}, runtime: undefined }, spec, facts, taken.list);
    volumes.push(plan.inputVolume, plan.outputVolume);
    const container = await docker.createContainer(containerSpec(plan));
    await container.start();
    await container.wait();
    await removeContainer(docker, container.id);
  };
  const startedAt = performance.now();
  await sideBySide(Array(count).keys(), concurrency, runOne);
  const seconds = (performance.now() - startedAt) / 1_000;
  await sideBySide(volumes, concurrency, (name) => removeVolume(docker, name));
  return count / seconds;
}
