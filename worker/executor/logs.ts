import type { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { StringDecoder } from "node:string_decoder";

import type Docker from "dockerode";

import { ask } from "./engine.ts";
import { EngineUnreachableError } from "./errors.ts";
import { logFrames } from "./log-frames.ts";

/** After its container has ended, a log has this long to end too. */
const LAST_WORDS_MS = 10_000;

/** Standard output and standard error of a container, from its first byte on. */
export interface ContainerLogs extends Disposable {
  /** Resolves when there is more than allowed; else never. */
  readonly overflow: Promise<void>;
  /** Resolves when there is no more to hear: the container has ended, or closed both, or the engine broke off. */
  readonly ended: Promise<void>;
  /** Waits for the end of the log, once its container has ended. @returns whether there was more than allowed */
  endedTooLong(): Promise<boolean>;
}

/** Call it before the container starts. What comes after `maxBytes` is counted and thrown away. */
export async function followLogs(
  container: Docker.Container,
  maxBytes: number,
  onLog: (text: string) => void,
): Promise<ContainerLogs> {
  const options = { stream: true, stdout: true, stderr: true };
  const attached = (await ask("attach to a container", () => container.attach(options))) as unknown as Readable;
  // A character may be cut in two by a frame, and the other stream's frame come between.
  const decoders = { stdout: new StringDecoder("utf8"), stderr: new StringDecoder("utf8") };
  const overflow = Promise.withResolvers<void>();
  let bytes = 0;
  attached.on(
    "data",
    logFrames((payload, stream) => {
      const room = Math.max(0, maxBytes - bytes);
      bytes += payload.length;
      if (bytes > maxBytes) overflow.resolve();
      const text = decoders[stream].write(payload.subarray(0, room));
      if (text !== "") onLog(text);
    }),
  );
  const ended = finished(attached, { writable: false }).catch(() => {});
  return {
    overflow: overflow.promise,
    ended,
    endedTooLong: () => atMost(LAST_WORDS_MS, ended).then(() => bytes > maxBytes),
    [Symbol.dispose]: () => void attached.destroy(),
  };
}

async function atMost(ms: number, ended: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new EngineUnreachableError("The engine did not end a log")), ms);
  await Promise.race([ended, late.promise]).finally(() => clearTimeout(timer));
}
