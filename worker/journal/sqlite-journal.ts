import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import type { z } from "zod";

import { toJson } from "../../protocol/json.ts";
import { JournalCorruptError } from "../errors.ts";
import { createCommitter } from "./committer.ts";
import type { Committer } from "./committer.ts";
import { BallotRecordSchema, epochKey, LeaseRecordSchema, VoteRecordSchema } from "./journal.ts";
import type { Journal, Shelf } from "./journal.ts";

/**
 * Where a journal lies in its folder. SQLite keeps what is newest in a file beside it (`-wal`): whoever copies the one while its
 * worker runs needs the other.
 */
export function journalFile(folder: string): string {
  return join(folder, "journal.db");
}

/** A record as JSON, by its shelf and its key. */
const TABLE = `
  CREATE TABLE IF NOT EXISTS records (
    shelf TEXT NOT NULL, key TEXT NOT NULL, record TEXT NOT NULL, PRIMARY KEY (shelf, key)
  ) STRICT, WITHOUT ROWID`;

/** A commit returns once the disk has it (`FULL`); it is one write and one sync of the log (`WAL`). */
const SETTINGS = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;";

type Row = { readonly key: string; readonly record: string };

/**
 * A journal in an SQLite database. It is small and is read whole at the start; then it is only written.
 * @throws JournalCorruptError when it, or a record of it, cannot be read
 */
export async function openSqliteJournal(folder: string): Promise<Journal> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = journalFile(folder);
  const database = openDatabase(path);
  const committer = createCommitter(database);
  const shelf = <T>(name: string, schema: z.ZodType<T>, keyOf: (record: T) => string): Shelf<T> =>
    shelfOf(name, load(database, path, name, schema, keyOf), committer);
  try {
    return {
      leases: shelf("leases", LeaseRecordSchema, ({ lease }) => lease.leaseId),
      votes: shelf("votes", VoteRecordSchema, ({ taskId }) => taskId),
      ballots: shelf("ballots", BallotRecordSchema, epochKey),
      close: () => database.close(),
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

function openDatabase(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    database.exec(SETTINGS);
    database.exec(TABLE);
    const found = database.prepare("PRAGMA quick_check(1)").get();
    if (found?.["quick_check"] === "ok") return database;
    throw new SpoiledError(String(found?.["quick_check"]));
  } catch (cause) {
    database?.close();
    throw isCorrupt(cause) ? corrupt(path, "", cause) : cause;
  }
}

/** SQLITE_CORRUPT and SQLITE_NOTADB. A disk that is full, or that may not be written to, spoils nothing. */
const CORRUPT_CODES: readonly unknown[] = [11, 26];

function isCorrupt(cause: unknown): boolean {
  return cause instanceof SpoiledError || CORRUPT_CODES.includes((cause as { readonly errcode?: unknown }).errcode);
}

/** What `quick_check` has found. */
class SpoiledError extends Error {}

function load<T>(
  database: DatabaseSync,
  path: string,
  name: string,
  schema: z.ZodType<T>,
  keyOf: (record: T) => string,
): Map<string, T> {
  const rows = database.prepare("SELECT key, record FROM records WHERE shelf = ?").all(name) as Row[];
  const records = rows.map(({ key, record }) => {
    try {
      return schema.parse(JSON.parse(record));
    } catch (cause) {
      throw corrupt(path, `${name}/${key}`, cause);
    }
  });
  return new Map(records.map((record) => [keyOf(record), record]));
}

function shelfOf<T>(name: string, records: Map<string, T>, committer: Committer): Shelf<T> {
  const put = (key: string, record: T | undefined): void =>
    void (record === undefined ? records.delete(key) : records.set(key, record));
  return {
    all: () => [...records.values()],
    get: (key) => records.get(key),
    change: (key, step) =>
      committer.commit(() => {
        const before = records.get(key);
        const after = step(before);
        if (after === before) return { answer: after };
        const row = { shelf: name, key, record: after && toJson(after) };
        put(key, after);
        return { answer: after, written: { row, undo: () => put(key, before) } };
      }),
  };
}

function corrupt(path: string, record: string, cause: unknown): JournalCorruptError {
  return new JournalCorruptError(`The journal ${path} cannot be read`, {
    cause,
    details: { path, record },
    hint: "Restore it from a backup, or use a new data folder with a new key: a vote that is forgotten may be cast twice",
  });
}
