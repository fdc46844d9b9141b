import type { Redis } from "ioredis";

import type { Address, Hash } from "../../../protocol/primitives.ts";
import { StaleRecordError } from "../../errors.ts";
import type { TaskRecord } from "../../domain/tasks/task-state.ts";
import { commit, readDocument } from "../commit.ts";
import type { CommitOutcome, Guard } from "../commit.ts";
import type { Keys } from "../redis.ts";
import { taskIndexWrites } from "./task-index.ts";

/** How often a change is tried again when others write the same task. */
const ATTEMPTS = 50;

/** What a change decides: the task as it shall be, or undefined to leave it alone. */
export type TaskChange = (task: TaskRecord) => TaskRecord | undefined;

/** A worker, and how many leases it takes at a time. */
type Slots = { readonly worker: Address; readonly slots: number };

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
   * @param read the task as the caller has just read it: if it is to be changed and stands so still, it is not read again
   * @throws StaleRecordError after 50 collisions
   */
  update(taskId: Hash, change: TaskChange, read?: TaskRecord): Promise<TaskRecord | undefined>;
  /** Forgets a task that is over, with its place in the indexes. */
  forget(taskId: Hash): Promise<void>;
  /**
   * Writes a task with new leases in one atomic step with their workers' slots: "full" when one of them has none left by now,
   * "stale" when the task has changed since `before` was read; nothing is written then.
   */
  lease(before: TaskRecord, after: TaskRecord, to: readonly Slots[]): Promise<CommitOutcome>;
}

export function createTaskDocuments(redis: Redis, keys: Keys, onChange: TaskWatch, now: () => number): TaskDocuments {
  const documentKey = (taskId: Hash): string => documentKeyOf(keys, taskId);
  const write = createWriter(redis, keys, onChange, now);

  async function get(taskId: Hash): Promise<TaskRecord | undefined> {
    const text = await readDocument(redis, documentKey(taskId));
    return text === undefined ? undefined : (JSON.parse(text) as TaskRecord);
  }

  async function getAll(taskIds: readonly Hash[]): Promise<readonly TaskRecord[]> {
    const tasks = await Promise.all(taskIds.map(get));
    return tasks.filter((task) => task !== undefined);
  }

  async function update(taskId: Hash, decide: TaskChange, read?: TaskRecord): Promise<TaskRecord | undefined> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const before = attempt === 0 && read ? read : await get(taskId);
      const decided = before && decide(before);
      if (!before || !decided || decided === before) return undefined;
      const after = { ...decided, revision: before.revision + 1 };
      if ((await write({ before, after, guards: [] })) === "done") return after;
    }
    throw new StaleRecordError(`Task ${taskId} changed ${ATTEMPTS} times while it was to be written`);
  }

  return {
    get,
    getAll,
    create: async (task) => (await write({ before: undefined, after: task, guards: [] })) === "done",
    update,
    forget: async (taskId) => {
      const task = await get(taskId);
      if (!task) return;
      const index = keys("tasks", task.terms.lane, task.state);
      const live = keys("live", task.dealId);
      const forgetting = redis.multi().del(documentKey(taskId)).srem(index, taskId);
      await forgetting
        .zrem(keys("deadlines"), taskId)
        .srem(live, taskId)
        .srem(keys("waiting", task.dealId), taskId)
        .exec();
    },
    lease: (before, after, to) => {
      const guards = to.map(({ worker, slots }) => ({ hash: keys("slots", worker), most: slots }));
      return write({ before, after: { ...after, revision: before.revision + 1 }, guards });
    },
  };
}

function documentKeyOf(keys: Keys, taskId: Hash): string {
  return keys("task", taskId);
}

/** One document with its indexes. */
type Write = { readonly before: TaskRecord | undefined; readonly after: TaskRecord; readonly guards: readonly Guard[] };

function createWriter(
  redis: Redis,
  keys: Keys,
  onChange: TaskWatch,
  now: () => number,
): (write: Write) => Promise<CommitOutcome> {
  return async ({ before, after, guards }) => {
    const [key, document] = [documentKeyOf(keys, after.taskId), JSON.stringify(after)];
    const writes = taskIndexWrites(keys, before, after, now());
    const { revision } = after;
    const outcome = await commit(redis, { key, read: before?.revision, revision, document, writes, guards });
    if (outcome === "done") onChange(before, after);
    return outcome;
  };
}
