import type Docker from "dockerode";

import { GridmillError } from "../../protocol/errors.ts";
import { connectEngine, statusOf } from "../../worker/executor/engine.ts";
import type { EngineAddress } from "../../worker/executor/engine.ts";
import { EngineUnreachableError } from "../../worker/executor/errors.ts";

/** The container engine that builds and pushes. Made by {@link imageEngine}; callers only pass it on. */
export type ImageEngine = Docker;

/** What every call to the engine may be given. */
export type EngineCall = {
  readonly engine: ImageEngine;
  /** Gets the engine's output, line by line. Must not throw. */
  readonly onProgress?: ((line: string) => void) | undefined;
  /** Its reason is what an aborted call throws. */
  readonly signal?: AbortSignal | undefined;
};

/** @param host `unix://…` or `tcp://…`, as in DOCKER_HOST. Connects with the first call. */
export function imageEngine(host: string): ImageEngine {
  return connectEngine(addressOf(host));
}

/** @param host as for {@link imageEngine} */
export function addressOf(host: string): EngineAddress {
  return host.startsWith("unix://") ? { socketPath: host.slice("unix://".length) } : { host };
}

/** What the engine said went wrong, without dockerode's wrapping. */
export function reasonOf(error: unknown): string {
  const json = error instanceof Error && "json" in error ? error.json : undefined;
  if (typeof json === "object" && json !== null && "message" in json) return String(json.message);
  return error instanceof Error ? error.message : String(error);
}

/** For `catch` around engine calls: an abort throws its reason, and a call without any answer throws EngineUnreachableError. */
export function throwUnlessAnswer(error: unknown, signal: AbortSignal | undefined): void {
  signal?.throwIfAborted();
  if (error instanceof GridmillError || statusOf(error) !== undefined) return;
  throw new EngineUnreachableError(`Docker does not answer: ${reasonOf(error)}`, {
    cause: error,
    hint: "Is it running? gridmill doctor says what is missing",
  });
}
