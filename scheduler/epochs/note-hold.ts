import { GridmillError } from "../../protocol/errors.ts";
import type { PoolContext } from "../actions/context.ts";
import type { EpochRecord } from "../domain/epochs/epoch-state.ts";

/** What a lane is at, in the word for not getting it done. */
const UNDONE: Partial<Record<EpochRecord["state"], string>> = { sealing: "seal", settling: "settle" };

/**
 * Writes down why an epoch is not brought to the chain, for the pool's owner and for those whose tasks wait in it: that
 * its operator cannot pay gas, that no node answers. It is tried again all the same.
 */
export async function noteHold(pool: PoolContext, lane: number, error: unknown): Promise<void> {
  const record = await pool.epochs.current(lane);
  const undone = record && UNDONE[record.state];
  if (!undone || !(error instanceof GridmillError)) return;
  const note = `the pool cannot ${undone} its votes: ${error.message}`;
  if (record.note !== note) await pool.epochs.put(record, { ...record, note });
  await tellTasks(pool, record, note);
}

/** What held the epoch up is over. */
export async function clearHold(pool: PoolContext, record: EpochRecord): Promise<void> {
  if (record.note !== undefined) await tellTasks(pool, record, undefined);
}

async function tellTasks(pool: PoolContext, { tasks }: EpochRecord, note: string | undefined): Promise<void> {
  for (const { taskId } of tasks) {
    await pool.tasks.update(taskId, (task) => {
      const { waitingFor, ...rest } = task;
      if (task.state !== "sealed" || waitingFor === note) return undefined;
      return note === undefined ? rest : { ...rest, waitingFor: note };
    });
  }
}
