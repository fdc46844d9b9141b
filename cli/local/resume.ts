import type { Context } from "../context.ts";
import { NotUpError, UsageError } from "../errors.ts";

import { readPlan } from "./local-plan.ts";
import { requireUp } from "./local-state.ts";
import { localPaths } from "./paths.ts";
import { requireStopped, serviceNamed, startRecorded } from "./service.ts";

/**
 * Starts a process of the local market again that was killed, on its own data folder, and returns when it is ready.
 * It runs on in the background; `gridmill down` stops it with the rest.
 * @throws NotUpError | AlreadyRunningError | PartFailedError
 */
export async function resumeService(context: Context, name: string): Promise<void> {
  const paths = localPaths(context.home.local);
  const state = await requireUp(paths.state);
  const plan = await readPlan(paths.plan);
  if (!plan) throw new NotUpError("The local market has no plan yet: it is still starting", { hint: "Wait a moment" });
  const service = serviceNamed(plan, name);
  await requireStopped(state, name);
  const { pid, logFile } = await startRecorded(service, context.config, paths.state);
  context.print({ name, pid, logFile }, `${name} runs again: process ${pid}, log ${logFile}`);
}

/** A local process goes on as it was. @throws UsageError for options that would have it otherwise */
export function refuseOptions(options: object): void {
  const [given] = Object.keys(options);
  if (given === undefined) return;
  const flag = given.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new UsageError(
    `On the local network --${flag} cannot be chosen: its processes go on as gridmill up made them`,
    {
      hint: "Name another network with --network, or leave the option out",
    },
  );
}

/** What resumes a process of the local market; the parts below the services come back with `up` alone. */
export function resumeCommand(name: string): string {
  if (name === "pool") return "gridmill pool start";
  return name.startsWith("worker-") ? `gridmill worker start --name ${name}` : "gridmill down, then gridmill up";
}
