import { rm } from "node:fs/promises";
import { join } from "node:path";

import type Docker from "dockerode";
import type { Logger } from "pino";

import { connectEngine, DEFAULT_ENGINE, ask, throwIfAborted, type EngineAddress } from "./engine.ts";
import { TaskRunningError } from "../errors.ts";
import { AbortedError } from "./errors.ts";
import type { Executor, RunListener, RunOutcome, RunSpec } from "./executor.ts";
import { ensureImage } from "./image.ts";
import { outputVolumes, type OutputVolumeKind } from "./output-volume.ts";
import { createProcessors, type Processors } from "./processors.ts";
import { performRun, type RunDeps } from "./run.ts";
import { sweep } from "./sweep.ts";

export type DockerExecutorOptions = {
  /** Marks what this executor makes. No other process may use the same one: {@link Executor.sweep} removes by it. */
  readonly owner: string;
  /** Folder of this machine for output volumes and results in the making; this executor's alone. */
  readonly workDir: string;
  /** Default: the engine at `/var/run/docker.sock`. */
  readonly engine?: EngineAddress | undefined;
  /** OCI runtime for tasks, for example `runsc`. Default: the engine's own. */
  readonly runtime?: string | undefined;
  readonly outputVolumes: OutputVolumeKind;
  /** More labels for everything it makes. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly log: Logger;
};

/** Runs workloads in containers of a Docker Engine (API 1.41 or later), each shut off from network, host and neighbours. */
export function createDockerExecutor(options: DockerExecutorOptions): Executor {
  const { owner, workDir, engine = DEFAULT_ENGINE, log } = options;
  const docker = connectEngine(engine);
  const runsDir = join(workDir, "runs");
  const active = new Set<string>();
  const local = "socketPath" in engine;
  const deps: RunDeps = {
    docker,
    owner,
    runsDir,
    labels: options.labels ?? {},
    runtime: options.runtime,
    createOutputVolume: outputVolumes({ docker, kind: options.outputVolumes, local, log }),
    processors: once(() => processorsOf(docker)),
    log,
  };
  return {
    run: (spec, listener, signal) => exclusively(active, spec, () => runOrAbort(deps, spec, listener, signal)),
    prefetch: async (image, signal) => void (await ensureImage(docker, image, signal)),
    sweep: () => sweep({ docker, owner, runsDir, isActive: (lease) => active.has(lease) }),
  };
}

/** @throws TaskRunningError */
async function exclusively<T>(active: Set<string>, { leaseId }: RunSpec, run: () => Promise<T>): Promise<T> {
  if (active.has(leaseId)) {
    throw new TaskRunningError(`Lease ${leaseId} is being run already`, { details: { leaseId } });
  }
  active.add(leaseId);
  try {
    return await run();
  } finally {
    active.delete(leaseId);
  }
}

/** Whatever fails once the caller has given up is an abort, and no result stays behind. */
async function runOrAbort(
  deps: RunDeps,
  spec: RunSpec,
  listener: RunListener,
  signal: AbortSignal,
): Promise<RunOutcome> {
  try {
    throwIfAborted(signal);
    const outcome = await performRun(deps, spec, listener, signal);
    throwIfAborted(signal);
    return outcome;
  } catch (error) {
    if (!signal.aborted) throw error;
    await rm(spec.resultPath, { force: true });
    throw error instanceof AbortedError ? error : new AbortedError("The run was aborted", { cause: error });
  }
}

async function processorsOf(docker: Docker): Promise<Processors> {
  const info = (await ask("describe itself", () => docker.info())) as { readonly NCPU: number };
  return createProcessors(info.NCPU);
}

/** Asks again only after a failure. */
function once<T>(get: () => Promise<T>): () => Promise<T> {
  let got: Promise<T> | undefined;
  return async () => {
    got ??= get();
    try {
      return await got;
    } catch (error) {
      got = undefined;
      throw error;
    }
  };
}
