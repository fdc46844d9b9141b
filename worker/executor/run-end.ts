import { setTimeout as sleep } from "node:timers/promises";

import type Docker from "dockerode";

import { ask, engineError, statusOf, throwIfAborted } from "./engine.ts";
import { RunInterruptedError } from "./errors.ts";
import type { ContainerLogs } from "./logs.ts";
import type { OutputVolume } from "./output-volume.ts";
import type { UsageMeter } from "./usage.ts";

/** How a run ended: by itself, or by us because of a limit. */
export type RunEnd = {
  readonly cut: "time" | "disk" | "log-size" | undefined;
  readonly exitCode: number;
  /** The kernel killed one of its processes at the memory limit. */
  readonly outOfMemory: boolean;
  readonly wallMs: number;
};

type Watched = {
  readonly container: Docker.Container;
  readonly wallMs: number;
  readonly meter: UsageMeter;
  readonly logs: ContainerLogs;
  readonly volume: OutputVolume;
};

/** How often a container is looked at that no longer says anything, in milliseconds. */
const LOOK_MS = 1_000;
const KILLED = 137;
const LATE_EVENT_SECONDS = 2;
/** Exit codes from here on say that a signal ended the program. */
const FIRST_SIGNAL_CODE = 129;

/**
 * Waits until a started container has ended, and ends it at a limit.
 * @throws AbortedError | EngineUnreachableError | RunInterruptedError
 */
export async function untilEnded(docker: Docker, watched: Watched, signal: AbortSignal): Promise<RunEnd> {
  const { container, logs } = watched;
  const exited = untilExited(container, logs);
  const cut = await firstOf(exited, watched, signal);
  if (cut !== undefined) await kill(container);
  await exited;
  throwIfAborted(signal);
  const tooLong = await logs.endedTooLong();
  const end = { ...(await inspectEnd(container)), cut: cut === "aborted" ? undefined : cut };
  if (end.cut === undefined && tooLong) return { ...end, cut: "log-size" };
  if (end.cut === undefined) await assertOwnEnd(docker, container, end);
  return end;
}

/**
 * An engine that goes away while it is asked to wait may never be heard of again, not even by an error. The container's log
 * breaks off with it; from its end on, the container is looked at, which an engine that is gone does not answer.
 */
async function untilExited(container: Docker.Container, logs: ContainerLogs): Promise<void> {
  const told = ask("wait for a container", () => container.wait()).then(() => true);
  await Promise.race([told, logs.ended]);
  for (;;) {
    if (await Promise.race([told, sleep(LOOK_MS, false)])) return;
    const { State } = await ask("look at a container", () => container.inspect());
    if (!State.Running) return;
  }
}

type Cut = RunEnd["cut"] | "aborted";

/** What happens first. A promise that lost the race and fails later is nobody's loss. */
async function firstOf(exited: Promise<unknown>, watched: Watched, signal: AbortSignal): Promise<Cut> {
  const { wallMs, meter, logs, volume } = watched;
  const over = new AbortController();
  const aborted = Promise.withResolvers<Cut>();
  const abort = (): void => aborted.resolve("aborted");
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  const timer = sleep(wallMs, "time" as const, { signal: over.signal });
  timer.catch(() => {});
  try {
    return await Promise.race([
      exited.then(() => undefined),
      timer,
      meter.outOfTime.then(() => "time" as const),
      aborted.promise,
      logs.overflow.then(() => "log-size" as const),
      volume.overflow(over.signal).then(() => "disk" as const),
    ]);
  } finally {
    over.abort();
    signal.removeEventListener("abort", abort);
  }
}

/** Kills a container; it may have ended by itself in the meantime. */
async function kill(container: Docker.Container): Promise<void> {
  try {
    await container.kill();
  } catch (error) {
    if (statusOf(error) !== 404 && statusOf(error) !== 409) throw engineError("kill a container", error);
  }
}

async function inspectEnd(container: Docker.Container): Promise<Omit<RunEnd, "cut">> {
  const { State } = await ask("look at a container", () => container.inspect());
  return {
    exitCode: State.ExitCode,
    outOfMemory: State.OOMKilled,
    wallMs: Math.max(0, Date.parse(State.FinishedAt) - Date.parse(State.StartedAt)),
  };
}

/**
 * A container that an operator stops, the engine takes down with itself or the kernel kills for want of memory of the
 * whole machine ends with the code of a signal: voting that code would cost an honest worker its stake.
 * @throws RunInterruptedError
 */
async function assertOwnEnd(docker: Docker, container: Docker.Container, end: Omit<RunEnd, "cut">): Promise<void> {
  if (end.exitCode < FIRST_SIGNAL_CODE) return;
  const killedByKernel = end.exitCode === KILLED && !end.outOfMemory;
  if (!killedByKernel && !(await killedThroughEngine(docker, container))) return;
  throw new RunInterruptedError(`The container was killed from outside (exit code ${end.exitCode})`, {
    details: { exitCode: end.exitCode },
    hint: "give the task to another worker, or run it again here",
  });
}

async function killedThroughEngine(docker: Docker, container: Docker.Container): Promise<boolean> {
  const { State } = await ask("look at a container", () => container.inspect());
  const query = {
    since: unixTime(State.StartedAt),
    // The engine writes the event down after it has sent the signal, which may be after the container has ended.
    until: unixTime(State.FinishedAt) + LATE_EVENT_SECONDS,
    filters: { container: [container.id], event: ["kill", "stop"] },
  };
  const events = await ask("tell what happened", () => docker.getEvents(query));
  for await (const _event of events) return true;
  return false;
}

function unixTime(iso: string): number {
  return Math.floor(Date.parse(iso) / 1_000);
}
