import type { Hash } from "../../../protocol/primitives.ts";
import type { TaskRecord } from "../tasks/task-state.ts";
import { machineDependentTags } from "../votes/failure-votes.ts";
import { answeredVotes } from "../votes/task-votes.ts";

/**
 * What the answers to a task say about its app. One answer that differs may be a liar's, whoever gave it: only where three
 * workers agree on nothing is it the app.
 */

/** Answers that are compared before an app is refused over a task. */
export const ANSWERS_COMPARED = 3;
/** Workers that are asked for the same to begin with. */
const WORKERS_FIRST = 2;

/** What a task whose app is not known yet tells of it; undefined while that is open. */
export function verdictOf(task: TaskRecord): "repeated" | "disputed" | undefined {
  const answers = answeredVotes(task).map(({ tag }) => tag);
  if (answers.length < WORKERS_FIRST) return undefined;
  // Out of time or memory is what a machine says, and not the app.
  const machines = machineDependentTags(task.taskId);
  const own = answers.filter((tag) => !machines.has(tag));
  if (repeats(own)) return "repeated";
  return own.length >= ANSWERS_COMPARED ? "disputed" : undefined;
}

/** How many answers a task waits for because its app is compared by it: two, and one more for each that differs. */
export function answersAwaited(task: TaskRecord): number {
  if (task.trial !== "probe") return 0;
  const answers = answeredVotes(task).map(({ tag }) => tag);
  return repeats(answers) ? 0 : Math.max(WORKERS_FIRST, answers.length + 1);
}

function repeats(tags: readonly Hash[]): boolean {
  return new Set(tags).size < tags.length;
}
