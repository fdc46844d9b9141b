import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";

import type Docker from "dockerode";
import { extract, pack } from "tar-stream";

import { MIB } from "../../protocol/constants.ts";
import { TEST_LABELS } from "./test-docker.ts";

const NOBODY = 65_534;
const FOLDERS = ["input", "output"] as const;

export type HardenedRunOptions = {
  readonly engine: Docker;
  readonly image: string;
  readonly args?: readonly string[];
  /** What `/input` holds, by file name. */
  readonly inputs?: Readonly<Record<string, Uint8Array | string>>;
  readonly taskIndex?: number;
  readonly taskCount?: number;
  readonly memoryMiB?: number;
};

export type HardenedRun = {
  readonly exitCode: number;
  readonly log: string;
  /** What `/output` holds, by path. */
  readonly outputs: ReadonlyMap<string, Buffer>;
};

/** Runs a task as a worker would, but by hand: no network, no privilege, nothing writable but `/output` and a small `/tmp`. */
export async function hardenedRun(options: HardenedRunOptions): Promise<HardenedRun> {
  const { engine } = options;
  const id = `gridmill-test-${randomUUID()}`;
  const volumes = await Promise.all(FOLDERS.map((Name) => createVolume(engine, `${id}-${Name}`)));
  try {
    await fillVolumes(options, id);
    return await runContainer(options, id);
  } finally {
    await Promise.all(volumes.map((volume) => volume.remove()));
  }
}

async function createVolume(engine: Docker, Name: string): Promise<Docker.Volume> {
  await engine.createVolume({ Name, Labels: { ...TEST_LABELS } });
  return engine.getVolume(Name);
}

/** Through a container that is never started: into one with a read-only root the engine copies nothing. */
async function fillVolumes({ engine, image, inputs = {} }: HardenedRunOptions, id: string): Promise<void> {
  const HostConfig = { Mounts: mounts(id, false) };
  await using filler = await createContainer(engine, {
    Image: image,
    Cmd: ["none"],
    Labels: { ...TEST_LABELS },
    HostConfig,
  });
  await filler.container.putArchive(volumeArchive(inputs), { path: "/" });
}

async function runContainer(options: HardenedRunOptions, id: string): Promise<HardenedRun> {
  await using made = await createContainer(options.engine, containerSpec(options, id));
  const { container } = made;
  await container.start();
  const { StatusCode: exitCode } = (await container.wait()) as { StatusCode: number };
  const log = textOf(await container.logs({ stdout: true, stderr: true }));
  return { exitCode, log, outputs: await readFiles(await container.getArchive({ path: "/output/." })) };
}

async function createContainer(
  engine: Docker,
  spec: Docker.ContainerCreateOptions,
): Promise<AsyncDisposable & { readonly container: Docker.Container }> {
  const container = await engine.createContainer(spec);
  return { container, [Symbol.asyncDispose]: () => container.remove({ force: true }) };
}

function containerSpec(options: HardenedRunOptions, id: string): Docker.ContainerCreateOptions {
  const { image, args = [], taskIndex = 0, taskCount = 1, memoryMiB = 256 } = options;
  return {
    Image: image,
    Cmd: [...args],
    User: `${NOBODY}:${NOBODY}`,
    Hostname: "gridmill",
    Labels: { ...TEST_LABELS },
    Env: [
      `GRIDMILL_TASK_INDEX=${taskIndex}`,
      `GRIDMILL_TASK_COUNT=${taskCount}`,
      "GRIDMILL_INPUT=/input",
      "GRIDMILL_OUTPUT=/output",
      "HOME=/tmp",
      "LANG=C.UTF-8",
      "TZ=UTC",
    ],
    HostConfig: {
      Mounts: mounts(id, true),
      Tmpfs: { "/tmp": "size=16m,noexec,nosuid,nodev" },
      ReadonlyRootfs: true,
      NetworkMode: "none",
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      PidsLimit: 64,
      Memory: memoryMiB * MIB,
      MemorySwap: memoryMiB * MIB,
    },
  };
}

function mounts(id: string, readOnlyInput: boolean): Docker.MountConfig {
  const mount = (name: string) => ({ Type: "volume" as const, Source: `${id}-${name}`, Target: `/${name}` });
  return FOLDERS.map((name) => ({ ...mount(name), ReadOnly: name === "input" && readOnlyInput }));
}

function volumeArchive(inputs: Readonly<Record<string, Uint8Array | string>>): Readable {
  const tar = pack();
  for (const [name, content] of Object.entries(inputs)) {
    tar.entry({ name: `input/${name}`, mode: 0o644 }, Buffer.from(content));
  }
  // Gives the folder itself to the task.
  tar.entry({ name: "output", type: "directory", mode: 0o755, uid: NOBODY, gid: NOBODY });
  tar.finalize();
  return Readable.from(tar);
}

/** The engine sends standard output and standard error in frames: a header of 8 bytes that ends with a length, then text. */
function textOf(frames: Buffer): string {
  let text = "";
  for (let at = 0; at < frames.length;) {
    const end = at + 8 + frames.readUInt32BE(at + 4);
    text += frames.toString("utf8", at + 8, end);
    at = end;
  }
  return text;
}

async function readFiles(archiveOut: NodeJS.ReadableStream): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for await (const entry of archiveOut.pipe(extract())) {
    const { name, type } = entry.header;
    const content = await buffer(entry);
    if (type === "file") files.set(name.replace(/^\.\//, ""), content);
  }
  return files;
}
