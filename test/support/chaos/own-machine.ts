import { readdir, readFile, readlink, rm } from "node:fs/promises";
import { join } from "node:path";

import { ensureDockerEngine } from "../../../cli/parts/docker-engine.ts";
import { openProxy } from "../socket-proxy.ts";
import { tempDir } from "../temp-dir.ts";
import { waitFor } from "../wait-for.ts";

/** A machine for one worker: an engine in namespaces of its own, which ends with all its containers in one moment. */
export interface OwnMachine extends AsyncDisposable {
  /** For DOCKER_HOST. */
  readonly dockerHost: string;
  /** Starts the engine on what its disk holds. */
  powerOn(): Promise<void>;
  /** Kills the engine, its shims and what runs in its containers together; what is on its disk stays. */
  cutPower(): Promise<void>;
}

/** @param registry host and port of the registry that its engine pulls from */
export async function openOwnMachine(registry: string): Promise<OwnMachine> {
  await using opened = new AsyncDisposableStack();
  const { path } = opened.use(await tempDir());
  const [socket, run] = [join(path, "registry.sock"), join(path, "run")];
  opened.use(await openProxy(`unix://${socket}`, `tcp://${registry}`));
  const dockerHost = `unix://${join(path, "docker.sock")}`;
  const daemon = [...NAMESPACES, ...boot(registry, socket), ...folders(path, run), ...ALOOF] as const;
  let power: number | undefined;

  const powerOn = async (): Promise<void> => {
    await rm(run, { recursive: true, force: true }); // as on any machine: what is in /run is gone
    const { pid } = await ensureDockerEngine({ host: dockerHost, logDir: path, daemon: [...daemon] });
    power = pid;
  };
  const cutPower = async (): Promise<void> => {
    if (power === undefined) return;
    const machine = await processesOn(power);
    process.kill(power, "SIGKILL");
    power = undefined;
    await waitFor("all processes of the machine to be dead", async () => (await machine()) === 0, { everyMs: 10 });
  };
  opened.defer(cutPower);
  const stack = opened.move();
  return { dockerHost, powerOn, cutPower, [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose]() };
}

/** The first process of a process namespace takes all others with it; a mount namespace takes what is mounted. */
const NAMESPACES = ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"] as const;

const boot = (registry: string, socket: string): readonly string[] => [
  ...["sh", join(import.meta.dirname, "boot-machine.sh")],
  ...[process.execPath, registry, socket],
];

const folders = (path: string, run: string): readonly string[] => [
  `--data-root=${join(path, "data-root")}`,
  `--exec-root=${run}`,
  `--pidfile=${join(run, "pid")}`,
];

/** It has no network to give to anybody, and must not touch the one of this machine. */
const ALOOF = ["--iptables=false", "--ip-forward=false", "--bridge=none"] as const;

/** Counts the processes in the namespace of a child of `parent`. */
async function processesOn(parent: number): Promise<() => Promise<number>> {
  const [child] = (await readFile(`/proc/${parent}/task/${parent}/children`, "utf8")).trim().split(" ");
  const machine = await readlink(`/proc/${child}/ns/pid`);
  return async () => {
    const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
    const spaces = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/ns/pid`).catch(() => undefined)));
    return spaces.filter((space) => space === machine).length;
  };
}
