import { Agent } from "node:http";
import { inspect } from "node:util";

import Docker from "dockerode";

import { GridmillError } from "../../protocol/errors.ts";
import { AbortedError, DiskFullError, EngineRefusedError, EngineUnreachableError } from "./errors.ts";

/** Where the Docker Engine listens: a Unix socket, or `tcp://host:port` without TLS. */
export type EngineAddress = { readonly socketPath: string } | { readonly host: string };

export const DEFAULT_ENGINE: EngineAddress = { socketPath: "/var/run/docker.sock" };

/** A client of the engine. What its variables in the environment say is ignored: configuration has one door. */
export function connectEngine(address: EngineAddress): Docker {
  // A connection for each call: one that was kept would be found dead only by the call after the engine's restart.
  const agent = new Agent({ keepAlive: false });
  // dockerode spells out the options of each call, whether anybody reads it or not: with all that hangs on the agent's
  // sockets that took more time than all else a worker does for a short task.
  Object.assign(agent, { [inspect.custom]: () => "an agent" });
  const ours = { protocol: "http" as const, timeout: undefined, agent };
  if ("socketPath" in address) return new Docker({ ...ours, host: undefined, socketPath: address.socketPath });
  const { hostname, port } = new URL(address.host);
  return new Docker({ ...ours, host: hostname, port: port || 2375 });
}

/** Asks the engine for something and puts its refusals into our words: `what` follows "could not". */
export async function ask<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw engineError(what, error);
  }
}

/** The same, where it is as well if the thing does not exist (any more). */
export async function askUnlessGone<T>(what: string, call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw engineError(what, error);
  }
}

/** @throws AbortedError */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new AbortedError("The run was aborted", { cause: signal.reason });
}

/** HTTP status of the engine's refusal; undefined when it is none. */
export function statusOf(error: unknown): number | undefined {
  return (error as { statusCode?: number } | undefined)?.statusCode;
}

export function engineError(what: string, cause: unknown): GridmillError {
  if (cause instanceof GridmillError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  if ((cause as Error | undefined)?.name === "AbortError") return new AbortedError("The run was aborted", { cause });
  if (isDiskFull(cause)) return diskFull(what, cause);
  const status = statusOf(cause);
  if (status === undefined) {
    return new EngineUnreachableError(`The container engine did not answer: could not ${what}`, {
      cause,
      hint: "is Docker running, and may this user reach it? gridmill doctor says what is missing",
    });
  }
  return new EngineRefusedError(`The container engine could not ${what}: ${message}`, {
    cause,
    details: { status },
    hint: "gridmill doctor says whether something is missing here",
  });
}

/** Whether an error, ours or the engine's, says that this machine's disk is full. */
export function isDiskFull(error: unknown): boolean {
  const { code, message, stderr } = error as { code?: unknown; message?: string; stderr?: string };
  return code === "ENOSPC" || code === "EDQUOT" || /no space left on device/i.test(`${message} ${stderr}`);
}

/** Does something with this machine's files; its disk being full gets our name, all else passes. */
export async function onDisk<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw isDiskFull(error) ? diskFull(what, error) : error;
  }
}

function diskFull(what: string, cause: unknown): DiskFullError {
  return new DiskFullError(`This machine's disk is full: could not ${what}`, {
    cause,
    hint: "free some space, or offer less disk to tasks",
  });
}
