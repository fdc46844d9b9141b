import { GridmillError } from "../../../protocol/errors.ts";
import { EventGoneError } from "../../errors.ts";
import type { Quarantined } from "../../store/quarantine.ts";
import type { PoolContext } from "../context.ts";
import { followEvent } from "./follow-chain.ts";

/**
 * Takes in an event that was put aside; it leaves the quarantine once that went well, and else lies there with what went
 * wrong now. Idempotent, as events are: a process that dies in between does it again.
 * @throws what is worth another try
 */
export async function retryEvent(pool: PoolContext, id: string): Promise<void> {
  const entry = await pool.quarantine.get(id);
  if (!entry?.event) return;
  try {
    await followEvent(pool, await readAgain(pool, entry.event));
    await pool.quarantine.remove(id);
    pool.log.info({ id, event: entry.kind, block: entry.block }, "event taken in after all");
  } catch (error) {
    await putBack(pool, entry, error);
    if (error instanceof GridmillError && error.retryable) throw error;
  }
}

/** @throws EventGoneError */
async function readAgain(pool: PoolContext, event: NonNullable<Quarantined["event"]>) {
  const found = await pool.events.at(event);
  if (found) return found;
  throw new EventGoneError(`Block ${event.blockNumber} has no such event any more`, {
    hint: "A reorganisation removed it: gridmill pool quarantine drop ID",
  });
}

/** Whoever has dropped it in the meantime does not see it again. */
async function putBack(pool: PoolContext, { id, event, kind }: Quarantined, error: unknown): Promise<void> {
  pool.failed("quarantine", error);
  pool.log.error({ id, event: kind, err: error }, "event failed again");
  if (event && (await pool.quarantine.get(id))) await pool.quarantine.put(event, error);
}
