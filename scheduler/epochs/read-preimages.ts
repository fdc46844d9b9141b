import { hexlify } from "ethers";

import { failPreimageOf } from "../../protocol/digest.ts";
import { codeOf, NotFoundError } from "../../protocol/errors.ts";
import type { Hash, Hex } from "../../protocol/primitives.ts";
import type { PoolContext } from "../actions/context.ts";
import { readCallback } from "../blobs/verify-result.ts";
import type { TaskRecord } from "../domain/tasks/task-state.ts";
import { ResultCorruptError } from "../errors.ts";

/**
 * What the agreed digests of tasks with a callback are made of, by task: read from the results that were uploaded, and
 * checked again. A task whose result is gone or spoiled has none and stays open; its next epoch asks for the output anew.
 */
export async function readPreimages(pool: PoolContext, tasks: readonly TaskRecord[]): Promise<ReadonlyMap<Hash, Hex>> {
  const preimages = new Map<Hash, Hex>();
  for (const task of tasks.filter(({ terms }) => terms.hasCallback)) {
    const preimage = await preimageOf(pool, task);
    if (preimage !== undefined) preimages.set(task.taskId, preimage);
  }
  return preimages;
}

async function preimageOf(pool: PoolContext, task: TaskRecord): Promise<Hex | undefined> {
  const { taskId, digest, result } = task;
  const failure = digest && failPreimageOf(digest);
  if (failure !== undefined || digest === undefined || result === undefined) return failure;
  try {
    const { stream } = await pool.blobs.read(result);
    return hexlify(await readCallback(stream, digest)) as Hex;
  } catch (error) {
    if (!(error instanceof NotFoundError || error instanceof ResultCorruptError)) throw error;
    pool.log.error(
      { task: taskId, deal: task.dealId, code: codeOf(error), err: error },
      "answer for a contract cannot be read",
    );
    await pool.tasks.update(taskId, ({ result: _gone, ...rest }) => rest);
    return undefined;
  }
}
