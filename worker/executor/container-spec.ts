import type { ContainerCreateOptions, HostConfig, MountSettings } from "dockerode";

import { MIB } from "../../protocol/constants.ts";
import type { RunLimits } from "./executor.ts";

/** Everything that a task's container depends on; two machines with equal plans give it the same world. */
export type ContainerPlan = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The engine's id of the verified image. */
  readonly imageId: string;
  /** Paths that the image declares as volumes. */
  readonly imageVolumes: readonly string[];
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly limits: RunLimits;
  /** Processors that it may use, as `0,2`. */
  readonly processors: string;
  readonly inputVolume: string;
  /** Undefined: the task has no dataset. */
  readonly datasetVolume: string | undefined;
  readonly outputVolume: string;
  /** OCI runtime; undefined: the engine's default. */
  readonly runtime: string | undefined;
};

const INPUT_DIR = "/input";
const DATASET_DIR = "/dataset";
/** Under which name a dataset lies there. */
export const DATASET_NAME = "data";
export const OUTPUT_DIR = "/output";
/** `nobody`. The output volume belongs to it. */
export const TASK_UID = 65_534;

const CPU_PERIOD_US = 100_000;
const TMP_DIR = "/tmp";
const TMP_BYTES = 64 * MIB;
const OPEN_FILES = 4_096;

/** What is the same for every task on every machine. An app's own variables go over it. */
const FIXED_ENV: Readonly<Record<string, string>> = {
  // glibc picks its mathematics by processor; see docs/decisions/0004.
  GLIBC_TUNABLES: "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4",
  GRIDMILL_INPUT: INPUT_DIR,
  GRIDMILL_OUTPUT: OUTPUT_DIR,
  HOME: TMP_DIR,
  LANG: "C.UTF-8",
  TZ: "UTC",
};

/** The container of a task, closed on all sides. */
export function containerSpec(plan: ContainerPlan): ContainerCreateOptions {
  return {
    name: plan.name,
    Image: plan.imageId,
    Labels: { ...plan.labels },
    ...(plan.args.length > 0 ? { Cmd: [...plan.args] } : {}),
    Env: envOf({ ...FIXED_ENV, ...plan.env }),
    Hostname: "gridmill",
    User: `${TASK_UID}:${TASK_UID}`,
    AttachStdin: false,
    OpenStdin: false,
    Tty: false,
    // An image's health check would run beside the task.
    Healthcheck: { Test: ["NONE"] },
    HostConfig: { ...isolation(plan), ...bounds(plan), Mounts: mounts(plan) },
  };
}

/** Where the helper has the volumes: a path that no image holds. */
export const HELPER_DIR = "gridmill-volumes";

/** Only holds volumes while an archive is put into them; it is never started. `volumes` is name by folder. */
export function helperSpec(
  { labels, imageId }: Pick<ContainerPlan, "labels" | "imageId">,
  name: string,
  volumes: Readonly<Record<string, string>>,
): ContainerCreateOptions {
  const mounts = Object.entries(volumes).map(([folder, source]) => volume(source, `/${HELPER_DIR}/${folder}`, labels));
  return {
    name,
    Image: imageId,
    Labels: { ...labels },
    Cmd: ["-"],
    HostConfig: { NetworkMode: "none", Mounts: mounts },
  };
}

function isolation({ runtime }: ContainerPlan): HostConfig {
  return {
    ...(runtime === undefined ? {} : { Runtime: runtime }),
    NetworkMode: "none",
    ReadonlyRootfs: true,
    Privileged: false,
    CapDrop: ["ALL"],
    // The engine adds its default seccomp profile by itself as long as none is named.
    SecurityOpt: ["no-new-privileges"],
    IpcMode: "private",
    // Else the container reads its own id, which differs from machine to machine.
    CgroupnsMode: "private",
    // Else it reads the name servers, search list and options of this machine.
    Dns: ["127.0.0.1"],
    DnsSearch: ["."],
    DnsOptions: ["timeout:1"],
    Init: true,
    // Standard output and error are read through the attached stream alone and take no disk.
    LogConfig: { Type: "none", Config: {} },
  } as HostConfig;
}

function bounds({ limits, processors }: ContainerPlan): HostConfig {
  const memory = limits.memoryMiB * MIB;
  const ulimit = (Name: string, value: number) => ({ Name, Soft: value, Hard: value });
  return {
    Memory: memory,
    // Memory and swap together: no swap.
    MemorySwap: memory,
    CpuPeriod: CPU_PERIOD_US,
    CpuQuota: Math.max(1_000, (limits.cpuMillicores * CPU_PERIOD_US) / 1_000),
    CpusetCpus: processors,
    // The init process is ours, not the app's.
    PidsLimit: limits.pids + 1,
    ShmSize: TMP_BYTES,
    // When the machine itself runs out of memory, tasks go first.
    OomScoreAdj: 500,
    Ulimits: [ulimit("fsize", limits.fileMiB * MIB), ulimit("nofile", OPEN_FILES), ulimit("core", 0)],
  };
}

/** The volumes that the engine makes because the image declares them, by the names that we give them. */
export function imageVolumes(plan: ContainerPlan): readonly { readonly name: string; readonly path: string }[] {
  const ours = [INPUT_DIR, OUTPUT_DIR, TMP_DIR, ...(plan.datasetVolume === undefined ? [] : [DATASET_DIR])];
  const paths = plan.imageVolumes.filter((path) => !ours.includes(path.replace(/\/+$/, "")));
  return paths.map((path, index) => ({ name: `${plan.name}-image-${index}`, path }));
}

function mounts(plan: ContainerPlan): MountSettings[] {
  return [
    { ...volume(plan.inputVolume, INPUT_DIR, plan.labels), ReadOnly: true },
    volume(plan.outputVolume, OUTPUT_DIR, plan.labels),
    ...(plan.datasetVolume === undefined
      ? []
      : [{ ...volume(plan.datasetVolume, DATASET_DIR, plan.labels), ReadOnly: true }]),
    mount({ Type: "tmpfs", Target: TMP_DIR, TmpfsOptions: { SizeBytes: TMP_BYTES, Mode: 0o1777 } }),
    // A volume that an image declares would be writable without bounds: it is a part of the read-only root here.
    ...imageVolumes(plan).map(({ name, path }) =>
      mount({ Type: "volume", Source: name, Target: path, ReadOnly: true, VolumeOptions: { Labels: plan.labels } }),
    ),
  ];
}

/**
 * A volume that the engine makes with the container if it is not there, with these labels. Without NoCopy it would be filled
 * with what the image has there, and take its owner over.
 */
function volume(name: string, target: string, labels: ContainerPlan["labels"]): MountSettings {
  return mount({
    Type: "volume",
    Source: name,
    Target: target,
    VolumeOptions: { NoCopy: true, Labels: { ...labels } },
  });
}

/** The types of dockerode ask for fields that the engine does not. */
function mount(settings: { Type: MountSettings["Type"]; Target: string; [key: string]: unknown }): MountSettings {
  return settings as unknown as MountSettings;
}

function envOf(env: Readonly<Record<string, string>>): string[] {
  return Object.keys(env)
    .sort()
    .map((name) => `${name}=${env[name]}`);
}
