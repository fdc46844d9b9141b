import { z } from "zod";

const StatusSchema = z.looseObject({ warnings: z.array(z.string()).prefault([]) });

/** A worker that does not answer within this time has nothing to say, in milliseconds. */
const ANSWER_MS = 2_000;

/** What a worker's owner has to see to, each with a code, from its own status page; nothing when that does not answer. */
export async function workerWarnings(url: string): Promise<readonly string[]> {
  try {
    const answer = await fetch(new URL("status", url), { signal: AbortSignal.timeout(ANSWER_MS) });
    return StatusSchema.parse(await answer.json()).warnings;
  } catch {
    return []; // that it is silent or gone is said beside it
  }
}
