import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import type Docker from "dockerode";
import type { Logger } from "pino";

import { MIB } from "../../protocol/constants.ts";
import { TASK_UID } from "./container-spec.ts";
import { ask, onDisk } from "./engine.ts";
import { attachNew, isFileSystemFull, mayUseLoops } from "./loop-device.ts";

/**
 * `hard`: a file system of the very size, in a file; nothing can be written beyond it. `soft`: an ordinary volume whose
 * size is looked at every second; a fast writer gets past its limit until the next look. `auto`: hard where possible.
 */
export type OutputVolumeKind = "hard" | "soft" | "auto";

/** The folder that a task writes to. */
export interface OutputVolume {
  /** Whether its root must still be given to the task's user. */
  readonly isRoots: boolean;
  /** Resolves when more has been written than allowed, if that can be noticed while the task runs; else never. */
  overflow(signal: AbortSignal): Promise<void>;
  /** Whether the task, which has ended, had no room left. */
  wasFull(): Promise<boolean>;
}

type OutputVolumeRequest = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly diskMiB: number;
  /** Folder of this machine for what the volume needs. */
  readonly dir: string;
};

/** Whoever calls it removes what it made, also when it throws: volume, loop device and folder; see `leavings.ts`. */
export type CreateOutputVolume = (request: OutputVolumeRequest) => Promise<OutputVolume>;

type Deps = { readonly docker: Docker; readonly kind: OutputVolumeKind; readonly local: boolean; readonly log: Logger };

type DiskUsage = {
  readonly Volumes?: readonly { readonly Name: string; readonly UsageData?: { readonly Size: number } }[];
};

const LOOK_EVERY_MS = 1_000;

/** Chooses the kind once. `local` says whether the engine's devices are this machine's. */
export function outputVolumes({ docker, kind, local, log }: Deps): CreateOutputVolume {
  let hard: Promise<boolean> | undefined;
  const measure = once(() => ask("measure its volumes", () => docker.df()) as Promise<DiskUsage>);
  const decide = async (): Promise<boolean> => {
    if (kind !== "auto") return kind === "hard";
    const possible = local && (await mayUseLoops());
    if (!possible)
      log.warn("output volumes are soft: loop devices are not to be had, disk limits are checked by looking");
    return possible;
  };
  return async (request) => {
    hard ??= decide();
    return (await hard) ? await createHard(docker, request) : await createSoft(docker, request, measure, log);
  };
}

async function createHard(docker: Docker, { name, labels, diskMiB, dir }: OutputVolumeRequest): Promise<OutputVolume> {
  const file = join(dir, "output.img");
  const device = await onDisk("reserve the output volume", async () => {
    await mkdir(dir, { recursive: true });
    return await attachNew(file, diskMiB, TASK_UID);
  });
  await createVolume(docker, name, labels, { type: "ext4", device, o: "nosuid,nodev" });
  return { isRoots: false, overflow: () => new Promise(() => {}), wasFull: () => isFileSystemFull(device) };
}

/** Whoever asks while it is being done gets the same answer: an engine refuses to measure twice at a time. */
function once<T>(measure: () => Promise<T>): () => Promise<T> {
  let measuring: Promise<T> | undefined;
  return () => (measuring ??= measure().finally(() => (measuring = undefined)));
}

async function createSoft(
  docker: Docker,
  request: OutputVolumeRequest,
  measure: () => Promise<DiskUsage>,
  log: Logger,
): Promise<OutputVolume> {
  const { name, labels, diskMiB } = request;
  await createVolume(docker, name, labels);
  return {
    isRoots: true,
    overflow: (signal) => outgrown(measure, name, diskMiB * MIB, signal, log),
    wasFull: async () => false,
  };
}

async function outgrown(
  measure: () => Promise<DiskUsage>,
  name: string,
  bytes: number,
  signal: AbortSignal,
  log: Logger,
): Promise<void> {
  while (!signal.aborted) {
    const size = await sizeOf(measure, name).catch((error: unknown) => {
      log.warn({ err: error, volume: name }, "the size of an output volume could not be read");
      return 0;
    });
    if (size > bytes) return;
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
  }
}

async function sizeOf(measure: () => Promise<DiskUsage>, name: string): Promise<number> {
  const usage = await measure();
  return usage.Volumes?.find((volume) => volume.Name === name)?.UsageData?.Size ?? 0;
}

async function createVolume(
  docker: Docker,
  name: string,
  labels: Readonly<Record<string, string>>,
  options: Readonly<Record<string, string>> = {},
): Promise<void> {
  await ask("create a volume", () =>
    docker.createVolume({ Name: name, Driver: "local", DriverOpts: { ...options }, Labels: { ...labels } }),
  );
}
