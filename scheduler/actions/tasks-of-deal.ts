import { taskIdOf } from "../../protocol/deal.ts";
import type { Hash } from "../../protocol/primitives.ts";
import { MAX_TASKS_PER_DEAL } from "../domain/tasks/task-terms.ts";
import type { DealRecord } from "../store/tasks/deal-store.ts";

/** So many tasks of a deal are worked on side by side. */
const CHUNK = 500;

/** The ids of all tasks that the pool may have of a deal, in parts, so that a large deal does not hold everything up. */
export function* chunksOfTasks({ dealId, deal }: Pick<DealRecord, "dealId" | "deal">): Generator<readonly Hash[]> {
  const count = Math.min(deal.volume, MAX_TASKS_PER_DEAL);
  for (let start = 0; start < count; start += CHUNK) {
    const size = Math.min(CHUNK, count - start);
    yield Array.from({ length: size }, (_unused, offset) => taskIdOf(dealId, start + offset));
  }
}
