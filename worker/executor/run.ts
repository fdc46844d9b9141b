import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type Docker from "dockerode";
import type { Logger } from "pino";

import {
  CALLBACK_FILE,
  callbackDigest,
  callbackFault,
  digestOf,
  failDigest,
  manifestOf,
  type FailReason,
} from "../../protocol/digest.ts";
import type { Hash } from "../../protocol/primitives.ts";
import { containerSpec, imageVolumes, type ContainerPlan } from "./container-spec.ts";
import { ask, onDisk, throwIfAborted } from "./engine.ts";
import type { RunListener, RunOutcome, RunSpec, RunUsage } from "./executor.ts";
import { ensureImage, type ImageFacts } from "./image.ts";
import { fillVolumes } from "./fill-volumes.ts";
import { removeLeavings, type Leavings } from "./leavings.ts";
import { followLogs } from "./logs.ts";
import { collectOutput, type SpooledFile } from "./output.ts";
import type { CreateOutputVolume, OutputVolume } from "./output-volume.ts";
import type { Processors } from "./processors.ts";
import { writeResultBlob } from "./result-blob.ts";
import { untilEnded, type RunEnd } from "./run-end.ts";
import { LEASE_LABEL, OWNER_LABEL } from "./sweep.ts";
import { meterUsage } from "./usage.ts";

/** What of its owner a run's container carries. */
type PlanDeps = Pick<RunDeps, "owner" | "labels" | "runtime">;

export type RunDeps = {
  readonly docker: Docker;
  readonly owner: string;
  readonly runsDir: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly runtime: string | undefined;
  readonly createOutputVolume: CreateOutputVolume;
  readonly processors: () => Promise<Processors>;
  readonly log: Logger;
};

const NO_USAGE: RunUsage = { wallMs: 0, cpuMs: 0, peakMemoryMiB: 0 };

/** One run from image to result; see {@link Executor.run}. */
export async function performRun(
  deps: RunDeps,
  spec: RunSpec,
  listener: RunListener,
  signal: AbortSignal,
): Promise<RunOutcome> {
  listener.onStage("fetching");
  const onPercent = (percent: number): void => listener.onStage("fetching", percent);
  const image = await ensureImage(deps.docker, spec.image, signal, onPercent);
  // Whoever gave neither a command nor an image with one has given nothing to run.
  if (!image.hasCommand && spec.args.length === 0) return failed("params", NO_USAGE);

  using processors = (await deps.processors()).take(spec.limits.cpuMillicores);
  const plan = planOf(deps, spec, image, processors.list);
  const leavings = leavingsOf(deps, plan, spec);
  try {
    const prepared = await prepare(deps, spec, plan, leavings);
    throwIfAborted(signal);
    return await execute(deps, spec, prepared, listener, signal);
  } finally {
    await removeLeavings(deps.docker, leavings).catch((error: unknown) => {
      deps.log.warn({ err: error, lease: spec.leaseId }, "a run left something behind, the next sweep removes it");
    });
  }
}

/** The container of a run on this machine; equal plans are equal worlds. */
export function planOf(deps: PlanDeps, spec: RunSpec, image: ImageFacts, processors: string): ContainerPlan {
  const name = `gridmill-${spec.leaseId}`;
  return {
    name,
    labels: { ...deps.labels, [OWNER_LABEL]: deps.owner, [LEASE_LABEL]: spec.leaseId },
    imageId: image.id,
    imageVolumes: image.volumes,
    args: spec.args,
    env: spec.env,
    limits: spec.limits,
    processors,
    inputVolume: `${name}-input`,
    datasetVolume: spec.dataset === undefined ? undefined : `${name}-dataset`,
    outputVolume: `${name}-output`,
    runtime: deps.runtime,
  };
}

/** The helper's name is added when there is to be one. */
function leavingsOf(deps: RunDeps, plan: ContainerPlan, { leaseId }: RunSpec): Leavings & { containers: string[] } {
  return {
    containers: [plan.name],
    volumes: [...filesVolumes(plan), plan.outputVolume, ...imageVolumes(plan).map(({ name }) => name)],
    dir: join(deps.runsDir, leaseId),
  };
}

/** The volumes of what a task reads. */
function filesVolumes({ inputVolume, datasetVolume }: ContainerPlan): readonly string[] {
  return datasetVolume === undefined ? [inputVolume] : [inputVolume, datasetVolume];
}

function helperOf({ name }: ContainerPlan): string {
  return `${name}-helper`;
}

type Prepared = { readonly container: Docker.Container; readonly volume: OutputVolume; readonly dir: string };

/** Everything up to the container that can be started, side by side where possible. */
async function prepare(
  { docker, createOutputVolume }: RunDeps,
  spec: RunSpec,
  plan: ContainerPlan,
  { containers, dir }: ReturnType<typeof leavingsOf>,
): Promise<Prepared> {
  const { labels, outputVolume: name } = plan;
  const volume = await createOutputVolume({ name, labels, diskMiB: spec.limits.diskMiB, dir });
  const filling = { plan, helper: helperOf(plan), files: spec, giveOutput: volume.isRoots };
  const fills = spec.inputs.length > 0 || spec.dataset !== undefined || volume.isRoots;
  if (fills) containers.push(filling.helper);
  const [container] = await both(
    ask("create a container", () => docker.createContainer(containerSpec(plan))),
    fills ? fillVolumes(docker, filling) : undefined,
  );
  return { container, volume, dir };
}

/** Waits for both even if one fails: what is still being made could not be removed. */
async function both<A, B>(a: Promise<A>, b: Promise<B> | undefined): Promise<[A, B | undefined]> {
  const [first, second] = await Promise.allSettled([a, b]);
  if (first.status === "rejected") throw first.reason;
  if (second.status === "rejected") throw second.reason;
  return [first.value, second.value];
}

async function execute(
  deps: RunDeps,
  spec: RunSpec,
  prepared: Prepared,
  listener: RunListener,
  signal: AbortSignal,
): Promise<RunOutcome> {
  const { container, volume } = prepared;
  const { logBytes, wallMs, cpuMs } = spec.limits;
  using logs = await followLogs(container, logBytes, listener.onLog);
  await ask("start a container", () => container.start());
  listener.onStage("running");
  using meter = meterUsage(container, cpuMs);
  const end = await untilEnded(deps.docker, { container, wallMs, meter, logs, volume }, signal);
  const usage: RunUsage = { wallMs: end.wallMs, cpuMs: meter.cpuMs, peakMemoryMiB: meter.peakMemoryMiB };
  const reason = await limitReached(end, volume);
  if (reason !== undefined) return failed(reason, usage);
  listener.onStage("collecting");
  return await collect(spec, prepared, end.exitCode, usage);
}

/** An app that copes with a limit and exits with 0 has a result. */
async function limitReached(end: RunEnd, volume: OutputVolume): Promise<FailReason | undefined> {
  if (end.cut !== undefined) return end.cut;
  if (end.exitCode === 0) return undefined;
  if (end.outOfMemory) return "memory";
  return (await volume.wasFull()) ? "disk" : undefined;
}

async function collect(
  { limits, resultPath, resultKind }: RunSpec,
  { container, dir }: Prepared,
  exitCode: number,
  usage: RunUsage,
): Promise<RunOutcome> {
  const collected = await collectOutput(container, join(dir, "spool"), limits.diskMiB);
  if (collected.kind === "failed") return failed(collected.reason, usage);
  const answer = resultKind === "callback" ? await callbackOf(collected.files, exitCode) : undefined;
  if (typeof answer === "string") return failed(answer, usage);
  const files = answer ? [answer.file] : collected.files;
  const manifest = manifestOf(files, exitCode);
  await writeResultBlob(resultPath, manifest, files);
  return { kind: "result", digest: answer?.digest ?? digestOf(manifest), manifest, exitCode, usage };
}

/** What a contract waits for, or why there is nothing for it. */
async function callbackOf(
  files: readonly SpooledFile[],
  exitCode: number,
): Promise<{ readonly file: SpooledFile; readonly digest: Hash } | FailReason> {
  const file = files.find(({ path }) => path === CALLBACK_FILE);
  const fault = callbackFault(exitCode, file?.bytes);
  if (fault !== undefined) return fault;
  return { file: file!, digest: callbackDigest(await onDisk("read the answer", () => readFile(file!.spoolPath))) };
}

function failed(reason: FailReason, usage: RunUsage): RunOutcome {
  return { kind: "failed", reason, digest: failDigest(reason), usage };
}
