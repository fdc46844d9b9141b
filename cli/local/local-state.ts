import { z } from "zod";

import { AlreadyUpError, NotUpError } from "../errors.ts";
import { writePrivateJson } from "../home.ts";

import { readState } from "./local-plan.ts";
import { isAlive } from "../../chain/node/process-id.ts";
import { stopProcess } from "./processes.ts";

const ProcessSchema = z.strictObject({ pid: z.int(), born: z.string() });

/** A process of the local market. */
const RunningSchema = ProcessSchema.extend({
  name: z.string(),
  url: z.string(),
  dataDir: z.string(),
  logFile: z.string(),
});
export type Running = z.output<typeof RunningSchema>;

/** What runs: the `up` that is in charge, and all that was started, in that order. */
const LocalStateSchema = z.strictObject({ up: ProcessSchema, children: z.array(RunningSchema) });
export type LocalState = z.output<typeof LocalStateSchema>;

export async function readLocalState(file: string): Promise<LocalState | undefined> {
  return await readState(file, LocalStateSchema);
}

/** @throws NotUpError unless an `up` is in charge */
export async function requireUp(file: string): Promise<LocalState> {
  const state = await readLocalState(file);
  if (state && (await isAlive(state.up))) return state;
  throw new NotUpError("No market runs on this machine", { hint: "Start one: gridmill up" });
}

/** @throws AlreadyUpError when an `up` is in charge */
export async function requireDown(file: string): Promise<LocalState | undefined> {
  const state = await readLocalState(file);
  if (!state || !(await isAlive(state.up))) return state;
  throw new AlreadyUpError(`A market already runs on this machine: gridmill up, process ${state.up.pid}`, {
    details: { pid: state.up.pid },
    hint: "Use it (gridmill status), or stop it first: gridmill down",
  });
}

let recorded: Promise<void> = Promise.resolve();

/** Adds a process, in place of the one that had its name. The file is read, changed and written: one call at a time. */
export async function recordRunning(file: string, running: Running): Promise<void> {
  const own = recorded.then(() => record(file, running));
  recorded = own.catch(() => {});
  await own;
}

async function record(file: string, running: Running): Promise<void> {
  const state = await readLocalState(file);
  if (!state) return;
  const known = state.children.some(({ name }) => name === running.name);
  const children = known
    ? state.children.map((child) => (child.name === running.name ? running : child))
    : [...state.children, running];
  await writePrivateJson(file, { ...state, children });
}

/** Stops everything that the state names, the last started first; what is gone already is left alone. */
export async function stopChildren({ children }: LocalState, onStop: (name: string) => void = () => {}): Promise<void> {
  const workers = children.filter(({ name }) => name.startsWith("worker-") || name === "cheater");
  const rest = children.filter((child) => !workers.includes(child)).reverse();
  for (const { name } of workers) onStop(name);
  await Promise.all(workers.map((child) => stopProcess(child)));
  for (const child of rest) {
    onStop(child.name);
    await stopProcess(child);
  }
}
