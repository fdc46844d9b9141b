import type { PoolQueues } from "./queues.ts";
import { allQueues } from "./queues.ts";

/** How many jobs of a queue stand in a state. */
export type JobCount = { readonly queue: string; readonly state: string; readonly count: number };

/** As BullMQ counts them; finished jobs are not kept. */
export async function countJobs(queues: PoolQueues): Promise<readonly JobCount[]> {
  const counts = await Promise.all(
    allQueues(queues).map(async (queue) => {
      const states = await queue.getJobCounts("waiting", "active", "delayed", "failed");
      return Object.entries(states).map(([state, count]) => ({ queue: queue.name, state, count }));
    }),
  );
  return counts.flat();
}
