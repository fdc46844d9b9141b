import { Queue, Worker } from "bullmq";

const JOBS = 5_000;
const CONCURRENCY = 32;

/** Jobs a second that BullMQ alone does on this Redis: added in bulk, each an empty function. */
export async function bareJobsPerSecond(redisUrl: string): Promise<number> {
  const connection = { url: redisUrl };
  const name = "bare";
  const queue = new Queue(name, { connection });
  const startedAt = performance.now();
  let done = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const worker = new Worker(name, async () => void (++done === JOBS && resolve()), {
    connection,
    concurrency: CONCURRENCY,
  });
  await queue.addBulk(Array.from({ length: JOBS }, (_unused, index) => ({ name: "job", data: { index } })));
  await promise;
  const seconds = (performance.now() - startedAt) / 1_000;
  await worker.close();
  await queue.obliterate({ force: true });
  await queue.close();
  return Math.round(JOBS / seconds);
}
