import { rm } from "node:fs/promises";

import type Docker from "dockerode";

import { askUnlessGone } from "./engine.ts";
import { detachUnder } from "./loop-device.ts";

/** What a run may have made, by name: whether a call that broke off half-way made it need not be known. */
export type Leavings = {
  readonly containers: readonly string[];
  readonly volumes: readonly string[];
  /** Folder of this machine; loop devices hang on files in it. */
  readonly dir: string;
};

/** Removes all of it; what does not exist is as good as removed. */
export async function removeLeavings(docker: Docker, { containers, volumes, dir }: Leavings): Promise<void> {
  // In this order: a container holds its volumes, a volume its loop device, a loop device its file.
  await Promise.all(containers.map((name) => removeContainer(docker, name)));
  await Promise.all(volumes.map((name) => removeVolume(docker, name)));
  await detachUnder(dir);
  await rm(dir, { recursive: true, force: true });
}

/** Kills and removes a container, with the volumes that its image declares. */
export async function removeContainer(docker: Docker, idOrName: string): Promise<void> {
  const container = docker.getContainer(idOrName);
  await askUnlessGone("remove a container", () => container.remove({ force: true, v: true }));
}

export async function removeVolume(docker: Docker, name: string): Promise<void> {
  await askUnlessGone("remove a volume", () => docker.getVolume(name).remove({ force: true }));
}
