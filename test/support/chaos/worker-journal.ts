import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

import { journalFile } from "../../../worker/journal/sqlite-journal.ts";

/** What a worker has written, read from beside it, whether it lives or not. @param folder of its journal */
export function recordsIn(folder: string, shelf: string): ReadonlyMap<string, unknown> {
  const path = journalFile(folder);
  if (!existsSync(path)) return new Map();
  const database = new DatabaseSync(path);
  try {
    const rows = database.prepare("SELECT key, record FROM records WHERE shelf = ?").all(shelf);
    return new Map(rows.map(({ key, record }) => [String(key), JSON.parse(String(record)) as unknown]));
  } finally {
    database.close();
  }
}
