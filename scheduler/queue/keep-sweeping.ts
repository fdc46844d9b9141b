import { allQueues } from "./queues.ts";
import type { PoolQueues } from "./queues.ts";

/** How often each process asks for a sweep, in milliseconds. */
const SWEEP_MS = 5_000;
/** No job is ever to wait longer than this, in milliseconds, whether it is due later or tried again. */
const LONGEST_DELAY_MS = 15_000;

/**
 * Asks for a sweep now and every few seconds; those asked for while one waits or runs are that one. BullMQ's own schedules go by the
 * clocks of machines, and stand still for as long as one is set back: this goes by a timer, which no clock moves. Returns the off-switch.
 */
export function keepSweeping(queues: PoolQueues, onError: (error: unknown) => void, everyMs = SWEEP_MS): () => void {
  const ask = async (): Promise<void> => {
    await hurry(queues);
    await queues.sweep.add("sweep", {}, { attempts: 1, deduplication: { id: "sweep" } });
  };
  const askAndSay = (): void => void ask().catch(onError);
  askAndSay();
  const timer = setInterval(askAndSay, everyMs);
  return () => clearInterval(timer);
}

/**
 * Does now what is due later than it can have been asked for: a clock was set back since, or that of another process is ahead. It would
 * come in hours or days, and keep every wake of its id waiting until then.
 */
async function hurry(queues: PoolQueues): Promise<void> {
  const latest = Date.now() + LONGEST_DELAY_MS;
  await Promise.all(
    allQueues(queues).map(async (queue) => {
      const all = await queue.getDelayedCount();
      if (all > 0 && all > (await queue.getDelayedCount(latest))) await queue.promoteJobs();
    }),
  );
}
