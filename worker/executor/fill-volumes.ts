import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import type Docker from "dockerode";
import { pack, type Pack } from "tar-stream";

import { DATASET_NAME, HELPER_DIR, helperSpec, TASK_UID, type ContainerPlan } from "./container-spec.ts";
import { ask } from "./engine.ts";
import type { RunSpec } from "./executor.ts";

type Filling = {
  readonly plan: ContainerPlan;
  /** Name of the container through which the files go. */
  readonly helper: string;
  readonly files: Pick<RunSpec, "inputs" | "dataset">;
  /** Whether the output volume is to be given to the task's user. */
  readonly giveOutput: boolean;
};

const EPOCH = new Date(0);

/**
 * Puts the input files and the dataset into their volumes. They go through a container that is created and never started: an agent that
 * itself runs in a container could not name a host folder to mount. The caller removes the container.
 * @throws EngineUnreachableError | EngineRefusedError | DiskFullError, or the error of reading a file
 */
export async function fillVolumes(docker: Docker, { plan, helper, files, giveOutput }: Filling): Promise<void> {
  const volumes = {
    input: plan.inputVolume,
    ...(plan.datasetVolume === undefined ? {} : { dataset: plan.datasetVolume }),
    ...(giveOutput ? { output: plan.outputVolume } : {}),
  };
  const container = await ask("create a container", () => docker.createContainer(helperSpec(plan, helper, volumes)));
  const archive = pack();
  const broken = new AbortController();
  const packing = packVolumes(archive, files, giveOutput).catch((error: unknown) => {
    archive.destroy();
    broken.abort();
    throw error;
  });
  const putting = ask("store the inputs", () =>
    container.putArchive(Readable.from(archive), { path: "/", abortSignal: broken.signal }),
  );
  for (const result of await Promise.allSettled([packing, putting])) {
    if (result.status === "rejected") throw result.reason;
  }
}

/** Equal on every machine down to owner, mode and time. */
async function packVolumes(archive: Pack, { inputs, dataset }: Filling["files"], giveOutput: boolean): Promise<void> {
  const folder = (name: string, uid: number): void => {
    archive.entry({ name: `${HELPER_DIR}/${name}`, type: "directory", mode: 0o755, uid, gid: uid, mtime: EPOCH });
  };
  if (giveOutput) folder("output", TASK_UID);
  folder("input", 0);
  for (const { name, path } of inputs) await packFile(archive, `input/${name}`, path);
  if (dataset !== undefined) {
    folder("dataset", 0);
    await packFile(archive, `dataset/${DATASET_NAME}`, dataset);
  }
  archive.finalize();
}

async function packFile(archive: Pack, place: string, path: string): Promise<void> {
  const { size } = await stat(path);
  const entry = archive.entry({ name: `${HELPER_DIR}/${place}`, size, mode: 0o444, mtime: EPOCH });
  await pipeline(createReadStream(path), entry);
}
