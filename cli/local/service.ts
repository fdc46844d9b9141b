import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import type { CliConfig } from "../config.ts";
import { AlreadyRunningError, NotUpError } from "../errors.ts";
import { startChild, waitReady } from "../parts/child.ts";
import type { Child } from "../parts/child.ts";
import { assertPortFree } from "../parts/free-port.ts";

import type { LocalPlan, Service } from "./local-plan.ts";
import { recordRunning } from "./local-state.ts";
import type { LocalState, Running } from "./local-state.ts";
import { identify, isAlive } from "../../chain/node/process-id.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const READY_MS = 60_000;

/**
 * Starts a service on its data folder with its own configuration and waits until it is ready. It lives on when this
 * process ends: whoever starts it writes it down with {@link startRecorded}, and `down` finds it there.
 * @throws PortTakenError; PartFailedError that points to its log
 */
async function startService(service: Service, config: CliConfig): Promise<{ child: Child; running: Running }> {
  const { name, program, env, dataDir, logFile, readyUrl } = service;
  // Or whoever listens there would be taken for the service.
  await assertPortFree(Number(new URL(readyUrl).port), `the ${name}`);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const child = await startChild({
    name,
    command: process.execPath,
    args: [program],
    cwd: ROOT,
    env: { ...config.childEnv, ...env },
    logFile,
    outlivesUs: true,
    stopMs: 15_000,
  });
  const id = await identify(child.pid);
  await waitReady(child, () => answers(readyUrl), READY_MS);
  const url = new URL(readyUrl).origin;
  return { child, running: { name, url, dataDir, logFile, pid: child.pid, born: id?.born ?? "" } };
}

/** Starts a service and writes it into the state, so that `status` and `down` know it. */
export async function startRecorded(service: Service, config: CliConfig, stateFile: string): Promise<Child> {
  const { child, running } = await startService(service, config);
  await recordRunning(stateFile, running);
  return child;
}

/** The service of a name. @throws NotUpError that lists the names there are */
export function serviceNamed({ services }: LocalPlan, name: string): Service {
  const service = services.find((each) => each.name === name);
  if (service) return service;
  const names = services.map((each) => each.name).join(", ");
  throw new NotUpError(`The local market has no ${name}: it has ${names}`, {
    hint: "gridmill up --fresh --workers N makes one with more workers",
  });
}

/** @throws AlreadyRunningError */
export async function requireStopped({ children }: LocalState, name: string): Promise<void> {
  const running = children.find((child) => child.name === name);
  if (!running || !(await isAlive(running))) return;
  throw new AlreadyRunningError(`The ${name} runs already: process ${running.pid}`, {
    hint: "See gridmill status",
  });
}

/** Whether an HTTP service answers with success, within a second. */
export async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
