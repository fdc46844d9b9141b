import type { FailReason, ResultKind } from "../../protocol/digest.ts";
import type { Limits } from "../../protocol/lease.ts";
import type { Hash } from "../../protocol/primitives.ts";
import type { TimeLimits } from "../../protocol/time-limits.ts";

/** What a container may use; the time is this machine's own. */
export type RunLimits = Omit<Limits, "seconds"> & TimeLimits;

/** What to run. Nothing here names an engine. */
export type RunSpec = {
  /** A UUID. Names the run: its containers and volumes carry it as a label, so that a restart finds them. */
  readonly leaseId: string;
  /**
   * Pinned by digest: `registry/name@sha256:…`. Or `sha256:…`, the engine's own id of an image that was built on this machine
   * and is in no registry; no lease may name one.
   */
  readonly image: string;
  /** Replace the image's own command; none: the image says what to run, and the run fails with `params` if it does not. */
  readonly args: readonly string[];
  /** The app's variables and those that name the task; where input and output lie is added by the executor. */
  readonly env: Readonly<Record<string, string>>;
  /** Files of the host that appear read-only under `/input`, already checked against their digests. */
  readonly inputs: readonly { readonly name: string; readonly path: string }[];
  /** A file of the host that appears read-only as `/dataset/data`, checked like the inputs; undefined: there is no dataset. */
  readonly dataset: string | undefined;
  readonly limits: RunLimits;
  /** What of the output is the result: all of it, or the one file that a contract waits for. */
  readonly resultKind: ResultKind;
  /** File of the host that receives the result blob (a tar: `manifest`, then `output/…`). Stays unmade on a failure. */
  readonly resultPath: string;
};

/** What the container used, as the engine counted it: about every second, so that a shorter run may show 0. */
export type RunUsage = {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakMemoryMiB: number;
};

/**
 * An app that exits with an error has a result too: the exit code is part of the manifest, also when it broke off because a
 * single file became too large or no more processes were to be had. `failed` is a failure that lies in the input and is
 * voted: `time`, `disk` and `log-size` when the limit was reached; `memory` when the kernel killed a process at the limit,
 * and `disk` when no room was left, if the app then exited with an error; else it coped. Where the result is a callback's,
 * an exit code that is not 0 is the failure `exit`, and a file that is missing, empty or too long is `callback`; whatever
 * else lies in the output is dropped, since the digest does not cover it. A failure of this machine is thrown instead and
 * never voted.
 */
export type RunOutcome =
  | {
      readonly kind: "result";
      readonly digest: Hash;
      readonly manifest: string;
      readonly exitCode: number;
      readonly usage: RunUsage;
    }
  | { readonly kind: "failed"; readonly reason: FailReason; readonly digest: Hash; readonly usage: RunUsage };

/** Hears how a run goes on; a listener must not throw. */
export type RunListener = {
  readonly onStage: (stage: "fetching" | "running" | "collecting", percent?: number) => void;
  readonly onLog: (text: string) => void;
};

/** Runs workloads in isolation, several at a time, each lease at most once at a time. */
export interface Executor {
  /**
   * Runs to the end and removes whatever it started, whether it succeeded, threw or was aborted.
   * @throws ImageNotFoundError | ImageDigestError | RegistryUnreachableError | EngineUnreachableError | EngineRefusedError |
   * DiskFullError | AbortedError | TaskRunningError; RunInterruptedError when the container was killed from outside, or
   * by a SIGKILL whose author cannot be told
   */
  run(spec: RunSpec, listener: RunListener, signal: AbortSignal): Promise<RunOutcome>;

  /** Fetches an image and verifies its digest, so that a later run starts at once. Same errors as {@link run}. */
  prefetch(image: string, signal: AbortSignal): Promise<void>;

  /**
   * Removes what runs of this owner left behind when their process died, and leaves alone what this executor runs now.
   * Call it before the first run. Returns how many things it removed.
   */
  sweep(): Promise<number>;
}
