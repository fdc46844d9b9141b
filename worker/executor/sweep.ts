import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

import type Docker from "dockerode";

import { ask } from "./engine.ts";
import { removeContainer, removeVolume } from "./leavings.ts";
import { detachLoop, loopsUnder } from "./loop-device.ts";

/** Label of all that an executor makes: whose it is. */
export const OWNER_LABEL = "gridmill.owner";
/** Label of all that a run makes: for which lease. */
export const LEASE_LABEL = "gridmill.lease";

type SweepDeps = {
  readonly docker: Docker;
  readonly owner: string;
  /** Folder with one folder for each run. */
  readonly runsDir: string;
  /** Leases and folders of runs that go on. */
  readonly isActive: (leaseOrFolder: string) => boolean;
};

/** Removes what runs of this owner that do not go on have left behind. Returns how many things it removed. */
export async function sweep(deps: SweepDeps): Promise<number> {
  // In this order: a container holds its volumes, a volume its loop device, a loop device its file.
  const containers = await sweepContainers(deps);
  const volumes = await sweepVolumes(deps);
  const loops = await sweepLoops(deps);
  const folders = await sweepFolders(deps);
  return containers + volumes + loops + folders;
}

async function sweepContainers({ docker, owner, isActive }: SweepDeps): Promise<number> {
  const query = { all: true, filters: { label: [`${OWNER_LABEL}=${owner}`] } };
  const all = await ask("list containers", () => docker.listContainers(query));
  const stale = all.filter(({ Labels }) => !isActive(Labels[LEASE_LABEL] ?? ""));
  await Promise.all(stale.map(({ Id }) => removeContainer(docker, Id)));
  return stale.length;
}

async function sweepVolumes({ docker, owner, isActive }: SweepDeps): Promise<number> {
  const query = { filters: { label: [`${OWNER_LABEL}=${owner}`] } };
  const { Volumes } = await ask("list volumes", () => docker.listVolumes(query));
  const stale = (Volumes ?? []).filter(({ Labels }) => !isActive(Labels[LEASE_LABEL] ?? ""));
  await Promise.all(stale.map(({ Name }) => removeVolume(docker, Name)));
  return stale.length;
}

async function sweepLoops({ runsDir, isActive }: SweepDeps): Promise<number> {
  // Where there is no losetup, there are no loop devices of ours.
  const loops = await loopsUnder(runsDir).catch(() => []);
  const stale = loops.filter(({ file }) => !isActive(file.slice(runsDir.length + 1).split("/")[0]!));
  await Promise.all(stale.map(({ device }) => detachLoop(device)));
  return stale.length;
}

async function sweepFolders({ runsDir, isActive }: SweepDeps): Promise<number> {
  const folders = await readdir(runsDir).catch(() => []);
  const stale = folders.filter((folder) => !isActive(folder));
  await Promise.all(stale.map((folder) => rm(join(runsDir, folder), { recursive: true, force: true })));
  return stale.length;
}
