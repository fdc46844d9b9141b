import { afterCause, newApp } from "../../scheduler/domain/apps/app-standing.ts";
import { IMAGE } from "./scheduler-chain.ts";
import type { SchedulerWorld } from "./scheduler-world.ts";

/** The pool has seen the app of all deals repeat itself. */
export async function knowApp({ pool }: SchedulerWorld): Promise<void> {
  const now = Date.now();
  await pool.apps.change(IMAGE, () => afterCause(newApp({ image: IMAGE, app: "1" }, now), "allowed", now));
}
