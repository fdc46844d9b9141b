import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";

import { PartFailedError, PartMissingError, RUN_SETUP } from "./errors.ts";
import { until } from "./until.ts";

const LOG_TAIL_LINES = 15;

export type ChildSpec = {
  /** What people call it. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Gets stdout and stderr, appended; its folder is made. */
  readonly logFile: string;
  readonly cwd?: string;
  /** The whole environment; default: ours. */
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number;
  readonly gid?: number;
  /** How this program is asked to end in an orderly way. Default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
  /** How long that may take before SIGKILL. Default 10 s. */
  readonly stopMs?: number;
  /** True lets it live on when this process ends. Default false. */
  readonly outlivesUs?: boolean;
};

/** How a process ended: one of the two is set. */
export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** A process that we started. */
export interface Child extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Undefined while it runs. */
  exit(): Exit | undefined;
  /** Resolves when it has ended, for whatever reason. */
  readonly exited: Promise<Exit>;
  /** Orderly first, by force after `stopMs`. Returns when it has ended; may be called again. */
  stop(): Promise<void>;
}

/**
 * Starts a process in a process group of its own, so that a Ctrl-C meant for us does not reach it before we stop it.
 * @throws PartMissingError when there is no such program
 */
export async function startChild(spec: ChildSpec): Promise<Child> {
  const child = await launch(spec);
  const exited = exitEvent(child);
  if (spec.outlivesUs) child.unref();
  else tieToOurLife(child);
  return {
    name: spec.name,
    pid: child.pid!,
    logFile: spec.logFile,
    exited,
    exit: () => exitOf(child),
    stop: () => stop(child, exited, spec),
    [Symbol.asyncDispose]: () => stop(child, exited, spec),
  };
}

/**
 * Waits until `probe` says true.
 * @throws PartFailedError when the child ends first or `timeoutMs` pass; the child is stopped then
 */
export async function waitReady(child: Child, probe: () => Promise<boolean>, timeoutMs: number): Promise<void> {
  const ended = new AbortController();
  void child.exited.then(() => ended.abort());
  if ((await until(probe, { timeoutMs, signal: ended.signal })) && child.exit() === undefined) return;

  const exit = child.exit();
  await child.stop();
  const why = exit ? `it ended with ${exit.signal ?? `code ${exit.code}`}` : `no answer in ${timeoutMs / 1000} s`;
  throw new PartFailedError(`${child.name} did not start: ${why}`, {
    details: { part: child.name, log: await tailOf(child.logFile) },
    hint: `read its log: ${child.logFile}`,
  });
}

/** The last lines of a log; empty when there is none. */
async function tailOf(logFile: string): Promise<string> {
  const text = await readFile(logFile, "utf8").catch(() => "");
  return text.trimEnd().split("\n").slice(-LOG_TAIL_LINES).join("\n");
}

async function launch(spec: ChildSpec): Promise<ChildProcess> {
  const { command, args, cwd, env, uid, gid } = spec;
  mkdirSync(dirname(spec.logFile), { recursive: true });
  const log = openSync(spec.logFile, "a");
  try {
    const stdio: StdioOptions = ["ignore", log, log];
    const child = spawn(command, args, { stdio, detached: true, cwd, env, uid, gid });
    await once(child, "spawn");
    return child;
  } catch (error) {
    throw new PartMissingError(`${spec.name} did not start: ${command} could not be run`, {
      cause: error,
      details: { command },
      hint: RUN_SETUP,
    });
  } finally {
    closeSync(log);
  }
}

function tieToOurLife(child: ChildProcess): void {
  const end = (): void => void child.kill("SIGTERM");
  process.once("exit", end);
  child.once("exit", () => process.off("exit", end));
}

async function exitEvent(child: ChildProcess): Promise<Exit> {
  const [code, signal] = (await once(child, "exit")) as [Exit["code"], Exit["signal"]];
  return { code, signal };
}

function exitOf({ exitCode, signalCode }: ChildProcess): Exit | undefined {
  return exitCode === null && signalCode === null ? undefined : { code: exitCode, signal: signalCode };
}

async function stop(child: ChildProcess, exited: Promise<Exit>, spec: ChildSpec): Promise<void> {
  if (exitOf(child)) return;
  child.ref();
  child.kill(spec.stopSignal ?? "SIGTERM");
  const force = setTimeout(() => killGroup(child.pid!), spec.stopMs ?? 10_000);
  await exited;
  clearTimeout(force);
  killGroup(child.pid!);
}

/** The group, because what the child has started itself would otherwise stay. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // nobody is left in it
  }
}
