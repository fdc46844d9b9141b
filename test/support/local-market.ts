import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { homePaths } from "../../cli/home.ts";
import { readLocalState } from "../../cli/local/local-state.ts";
import { localPaths } from "../../cli/local/paths.ts";
import { isAlive } from "../../chain/node/process-id.ts";
import type { Deployment } from "../../protocol/deployment.ts";
import type { Address } from "../../protocol/primitives.ts";

import { envFor } from "./config.ts";
import { inSuite } from "./in-suite.ts";
import { tempDir } from "./temp-dir.ts";
import { waitFor } from "./wait-for.ts";

/** The repository, from which a newcomer types `./gridmill`. */
export const REPOSITORY = join(import.meta.dirname, "../..");
/** The command, from this checkout. */
export const GRIDMILL = join(REPOSITORY, "gridmill");

/** How a command ended: its exit code, the JSON value in the last line of stdout if there is one, and everything on stderr. */
export type Ran = {
  readonly code: number;
  readonly json: unknown;
  readonly stdout: string;
  readonly stderr: string;
};

export type RunOptions = {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** After this the command is killed and the test fails. Default 120,000 ms. */
  readonly timeoutMs?: number;
};

/** A whole market as `gridmill up` starts it, in a home of its own. */
export interface LocalMarket extends AsyncDisposable {
  readonly home: string;
  readonly chainUrl: string;
  readonly poolUrl: string;
  readonly registry: string;
  readonly deployment: Deployment;
  /** Addresses by key: requester, pool-owner, pool-operator, worker-1… */
  readonly accounts: Readonly<Record<string, Address>>;
  /** Runs `gridmill ARGS --json` in this market. */
  run(args: readonly string[], options?: RunOptions): Promise<Ran>;
  /** Ends one of its processes, as a power cut would unless told otherwise, and waits until it is gone. */
  kill(name: string, signal?: NodeJS.Signals): Promise<void>;
}

type Ready = Pick<LocalMarket, "deployment" | "accounts"> & { chain: string; pool: string; registry: string };

const UP_MS = 120_000;
const DOWN_MS = 30_000;

/** Starts `gridmill up`; disposing stops it as Ctrl-C does and removes its data. */
export const startLocalMarket = (
  upArgs: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<LocalMarket> => startMarketBy(GRIDMILL, ["up", "--json", "--any-ports", ...upArgs], env);

/** The same by another program that does what `gridmill up --json` does. */
export async function startMarketBy(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<LocalMarket> {
  const dir = await tempDir();
  const home = dir.path;
  const up = spawn(program, args, {
    env: envFor({ ...env, GRIDMILL_HOME: home }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stop = async (): Promise<void> => {
    await interrupt(up);
    await dir[Symbol.asyncDispose]();
  };
  try {
    const ready = await readyEvent(up);
    return {
      ...ready,
      home,
      chainUrl: ready.chain,
      poolUrl: ready.pool,
      run: (args, options) =>
        runGridmill(["--json", ...args], { ...options, env: { GRIDMILL_HOME: home, ...options?.env } }),
      kill: (name, signal) => killService(home, name, signal),
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Called in a `describe` body: one market for the whole suite. */
export const withLocalMarket = (upArgs?: readonly string[]): (() => LocalMarket) =>
  inSuite(() => startLocalMarket(upArgs));

/** Runs the command once, as a person in a terminal would. */
export async function runGridmill(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { env = {}, cwd = REPOSITORY, timeoutMs = 120_000 } = options;
  return new Promise((resolve, reject) => {
    const settings = { env: envFor(env), cwd, timeout: timeoutMs, killSignal: "SIGKILL", maxBuffer: 1 << 26 } as const;
    execFile(GRIDMILL, args, settings, (error, stdout, stderr) => {
      if (error?.killed)
        return reject(new Error(`gridmill ${args.join(" ")} did not end within ${timeoutMs} ms\n${stderr}`));
      // What ended otherwise than with an exit code has not ended well.
      if (error && typeof error.code !== "number") return reject(new Error(stderr, { cause: error }));
      resolve({ code: Number(error?.code ?? 0), json: lastJson(stdout), stdout, stderr });
    });
  });
}

function lastJson(stdout: string): unknown {
  const last = stdout.trim().split("\n").at(-1) ?? "";
  return /^[[{]/.test(last) ? (JSON.parse(last) as unknown) : undefined;
}

async function readyEvent(up: ChildProcess): Promise<Ready> {
  const errors: string[] = [];
  up.stderr!.on("data", (chunk: Buffer) => errors.push(chunk.toString()));
  const lines = createInterface({ input: up.stdout! });
  const expiry = AbortSignal.timeout(UP_MS);
  const events: unknown[] = [];
  return new Promise((resolve, reject) => {
    const fail = (): void =>
      reject(new Error(`gridmill up did not get ready:\n${JSON.stringify(events)}\n${errors.join("")}`));
    expiry.addEventListener("abort", fail);
    up.once("exit", fail);
    lines.on("line", (line) => {
      const event = JSON.parse(line) as { event: string };
      events.push(event);
      if (event.event === "ready") resolve(event as unknown as Ready);
    });
  });
}

async function interrupt(up: ChildProcess): Promise<void> {
  if (up.exitCode !== null || up.signalCode !== null) return;
  const ended = once(up, "exit", { signal: AbortSignal.timeout(DOWN_MS) });
  up.kill("SIGINT");
  await ended;
}

async function killService(home: string, name: string, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
  const state = await readLocalState(localPaths(homePaths(home).local).state);
  const service = state?.children.find((child) => child.name === name);
  if (!service) throw new Error(`no ${name} in the state file`);
  process.kill(service.pid, signal);
  await waitFor(`${name} to be gone`, async () => !(await isAlive(service)), { everyMs: 10 });
}
