import type { Redis } from "ioredis";

import type { Address, Hash } from "../../protocol/primitives.ts";
import { StaleRecordError } from "../errors.ts";
import type { TaskRecord } from "../domain/task-state.ts";
import { commit, readDocument } from "./commit.ts";
import type { CommitOutcome, Guard } from "./commit.ts";
import type { Keys } from "./redis.ts";
import { taskIndexWrites } from "./task-index.ts";

/** How often a change is tried again when others write the same task. */
const ATTEMPTS = 50;

/** What a change decides: the task as it shall be, or undefined to leave it alone. */
export type TaskChange = (task: TaskRecord) => TaskRecord | undefined;

/** Hears of a change that is stored. */
export type TaskWatch = (before: TaskRecord | undefined, after: TaskRecord) => void;

/**
 * Tasks in Redis: one document a task with all its votes, changed by compare-and-set on its revision. The indexes (by lane
 * and state, by worker, by lease, by deadline) are written in the same atomic step, so they are never behind.
 */
export interface TaskDocuments {
  get(taskId: Hash): Promise<TaskRecord | undefined>;
  getAll(taskIds: readonly Hash[]): Promise<readonly TaskRecord[]>;
  /** Stores a new task; false when it was there already. */
  create(task: TaskRecord): Promise<boolean>;
  /**
   * Changes a task, however many others do so at the same time. Returns the stored task, or undefined when there is no such
   * task or `change` leaves it alone.
   * @throws StaleRecordError after 50 collisions
   */
  update(taskId: Hash, change: TaskChange): Promise<TaskRecord | undefined>;
  /** Forgets a task that is over, with its place in the indexes. */
  forget(taskId: Hash): Promise<void>;
  /** Gives one lease in one atomic step with the worker's slot: "full" when the worker has none left by now. */
  lease(taskId: Hash, worker: Address, slots: number, change: TaskChange): Promise<TaskRecord | "full" | undefined>;
}

export function createTaskDocuments(redis: Redis, keys: Keys, onChange: TaskWatch = () => {}): TaskDocuments {
  const documentKey = (taskId: Hash): string => documentKeyOf(keys, taskId);
  const write = createWriter(redis, keys, onChange);

  async function get(taskId: Hash): Promise<TaskRecord | undefined> {
    const text = await readDocument(redis, documentKey(taskId));
    return text === undefined ? undefined : (JSON.parse(text) as TaskRecord);
  }

  async function getAll(taskIds: readonly Hash[]): Promise<readonly TaskRecord[]> {
    const tasks = await Promise.all(taskIds.map(get));
    return tasks.filter((task) => task !== undefined);
  }

  async function change(
    taskId: Hash,
    decide: TaskChange,
    guards: readonly Guard[],
  ): Promise<TaskRecord | "full" | undefined> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const before = await get(taskId);
      const decided = before && decide(before);
      if (!before || !decided || decided === before) return undefined;
      const after = { ...decided, revision: before.revision + 1 };
      const outcome = await write({ before, after, guards });
      if (outcome !== "stale") return outcome === "done" ? after : "full";
    }
    throw new StaleRecordError(`Task ${taskId} changed ${ATTEMPTS} times while it was to be written`);
  }

  return {
    get,
    getAll,
    create: async (task) => (await write({ before: undefined, after: task, guards: [] })) === "done",
    update: async (taskId, decide) => {
      const outcome = await change(taskId, decide, []);
      return outcome === "full" ? undefined : outcome;
    },
    forget: async (taskId) => {
      const task = await get(taskId);
      if (!task) return;
      const index = keys("tasks", task.terms.lane, task.state);
      const live = keys("live", task.dealId);
      const forgetting = redis.multi().del(documentKey(taskId)).srem(index, taskId);
      await forgetting.zrem(keys("deadlines"), taskId).srem(live, taskId).exec();
    },
    lease: (taskId, worker, slots, decide) => change(taskId, decide, [{ set: keys("slots", worker), most: slots }]),
  };
}

function documentKeyOf(keys: Keys, taskId: Hash): string {
  return keys("task", taskId);
}

/** One document with its indexes. */
type Write = { readonly before: TaskRecord | undefined; readonly after: TaskRecord; readonly guards: readonly Guard[] };

function createWriter(redis: Redis, keys: Keys, onChange: TaskWatch): (write: Write) => Promise<CommitOutcome> {
  return async ({ before, after, guards }) => {
    const [key, document] = [documentKeyOf(keys, after.taskId), JSON.stringify(after)];
    const writes = taskIndexWrites(keys, before, after);
    const { revision } = after;
    const outcome = await commit(redis, { key, read: before?.revision, revision, document, writes, guards });
    if (outcome === "done") onChange(before, after);
    return outcome;
  };
}
