import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import type { z } from "zod";

import { removeFileDurably, writeFileDurably } from "../../chain/node/durable-file.ts";
import { toJson } from "../../protocol/json.ts";
import { JournalCorruptError } from "../errors.ts";
import { BallotRecordSchema, epochKey, LeaseRecordSchema, VoteRecordSchema } from "./journal.ts";
import type { Journal, Shelf } from "./journal.ts";

/**
 * A journal in a folder: one JSON file a record, written whole and atomically.
 * @throws JournalCorruptError when a record cannot be read
 */
export async function openFileJournal(folder: string): Promise<Journal> {
  return {
    leases: await openShelf(join(folder, "leases"), LeaseRecordSchema, ({ lease }) => lease.leaseId),
    votes: await openShelf(join(folder, "votes"), VoteRecordSchema, ({ taskId }) => taskId),
    ballots: await openShelf(join(folder, "ballots"), BallotRecordSchema, epochKey),
  };
}

async function openShelf<T>(folder: string, schema: z.ZodType<T>, keyOf: (record: T) => string): Promise<Shelf<T>> {
  const records = await loadFolder(folder, schema, keyOf);
  const pathOf = (key: string): string => join(folder, `${key}.json`);
  const inTurn = turns();
  return {
    all: () => [...records.values()],
    get: (key) => records.get(key),
    change: (key, step) =>
      inTurn(async () => {
        const before = records.get(key);
        const after = step(before);
        if (after === before) return after;
        if (after === undefined) await removeFileDurably(pathOf(key));
        else await writeFileDurably(pathOf(key), toJson(after));
        // Memory follows the disk, never the other way round.
        if (after === undefined) records.delete(key);
        else records.set(key, after);
        return after;
      }),
  };
}

async function loadFolder<T>(
  folder: string,
  schema: z.ZodType<T>,
  keyOf: (record: T) => string,
): Promise<Map<string, T>> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const records = new Map<string, T>();
  for (const name of await readdir(folder)) {
    // A half-written file has another ending: its record never counted.
    if (!name.endsWith(".json")) await rm(join(folder, name), { force: true });
    else {
      const record = await loadRecord(join(folder, name), schema);
      records.set(keyOf(record), record);
    }
  }
  return records;
}

async function loadRecord<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  try {
    return schema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    throw new JournalCorruptError(`The journal file ${path} cannot be read`, {
      cause,
      details: { path },
      hint: "Restore it from a backup, or use a new data folder with a new key: a vote that is forgotten may be cast twice",
    });
  }
}

/** Runs what it is given one after another, so that the last write of a record is the one that stays. */
function turns(): <R>(work: () => Promise<R>) => Promise<R> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work, work);
    last = mine;
    return mine;
  };
}
