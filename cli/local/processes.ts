import { isAlive } from "../../chain/node/process-id.ts";
import type { ProcessId } from "../../chain/node/process-id.ts";
import { until } from "../parts/until.ts";

/** Asks it to end, and ends it by force when it does not within `graceMs`. Never touches a process that is not ours. */
export async function stopProcess(id: ProcessId, graceMs = 15_000): Promise<void> {
  if (!(await signal(id, "SIGTERM"))) return;
  if (await until(async () => !(await isAlive(id)), { timeoutMs: graceMs, everyMs: 50 })) return;
  if (await signal(id, "SIGKILL")) await until(async () => !(await isAlive(id)), { timeoutMs: 5_000 });
}

async function signal(id: ProcessId, name: NodeJS.Signals): Promise<boolean> {
  if (!(await isAlive(id))) return false;
  try {
    return process.kill(id.pid, name);
  } catch {
    return false; // it ended between the look and the signal
  }
}
