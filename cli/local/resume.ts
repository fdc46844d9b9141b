import type { Context } from "../context.ts";
import { NotUpError } from "../errors.ts";

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
